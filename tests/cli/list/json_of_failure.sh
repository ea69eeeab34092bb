#!/bin/sh
# With --json and --jsonl, an error is in the report as well as on stderr.
run() {
    echo "== $*"
    "$@" 2>stderr
    echo "exit $?"
    cut -c -60 stderr
}
cp "$DATA/sample.gguf" .
head -c 1000 sample.gguf >cut.gguf
run gguf-dq list --json absent.gguf
run gguf-dq list --jsonl absent.gguf
run gguf-dq list --json cut.gguf
run gguf-dq list --json sample.gguf no.such.tensor
run gguf-dq list --jsonl sample.gguf no.such.tensor
run gguf-dq list absent.gguf
run gguf-dq list --names absent.gguf
printf '%s: ' 'each is JSON'
gguf-dq list --json "$(printf 'a\377\033"')" 2>stderr | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin))'
