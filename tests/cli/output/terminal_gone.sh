#!/bin/sh
# A terminal that goes away ends a run that was on it, and nothing half-written remains; where nobody
# minds, files are written to the end, and what can only be shown is an error.
"$PYTHON" "$TESTS/lib/make_big.py" many.gguf --tensors 20000
gone() { "$PYTHON" "$TESTS/cli/output/terminal_gone.py" "$@"; }
look() { # what is there: temporaries, and files of another length than one array's
    find out -name '.*' -type f | wc -l
    find out -name '*.npy' -size -160c -o -name '*.npy' -size +160c | wc -l
}
gone usual gguf-dq extract -o out/ many.gguf
look
test "$(find out -name '*.npy' | wc -l)" -lt 20000 && rm -r out
gone ignored gguf-dq extract -o out/ many.gguf 'blk.1*'
look
gguf-dq list --names many.gguf 'blk.1*' | wc -l
find out -name '*.npy' | wc -l
gone usual gguf-dq list many.gguf
gone ignored gguf-dq list many.gguf
