#!/bin/sh
# A signal ends a run with the matching exit status and leaves no partial file.
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 4G
"$PYTHON" "$TESTS/cli/tools/interrupt.py" INT gguf-dq extract big.gguf -o x.npy
"$PYTHON" "$TESTS/cli/tools/interrupt.py" TERM gguf-dq extract big.gguf
"$PYTHON" "$TESTS/cli/tools/interrupt.py" HUP gguf-dq extract big.gguf -o a/b/ --manifest m.json
# shellcheck disable=SC3045 # dash has it as well
ulimit -c 0
for name in QUIT USR1 USR2 ALRM XCPU VTALRM PROF POLL PWR STKFLT RTMIN RTMAX; do
    "$PYTHON" "$TESTS/cli/tools/interrupt.py" "$name" gguf-dq extract big.gguf -o x.npy
    find . -name '.gguf-dq-*' # a temporary file, which the next run would remove
done
: >there.npy
"$PYTHON" "$TESTS/cli/tools/interrupt.py" INT gguf-dq extract --force big.gguf -o there.npy
wc -c <there.npy
find . | sort
