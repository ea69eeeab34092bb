#!/bin/sh
# A line that memory has no room for is an error, not the end of the names.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
echo a.weight >names
truncate -s 1G names
if [ -n "${GGUF_DQ_SANITIZED-}" ]; then # it takes more address space than any limit
    cat "$TESTS/cli/select_from_file_no_memory.stderr" >&2
    exit 8
fi
# shellcheck disable=SC3045 # dash has it as well
ulimit -v 300000
gguf-dq list --names m.gguf -T names
