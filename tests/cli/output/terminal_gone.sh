#!/bin/sh
# If the terminal of a run disappears, the run ends and leaves no partial file. If SIGHUP is
# ignored, files are written to the end, and output to the terminal is an error.
"$PYTHON" "$TESTS/lib/make_big.py" many.gguf --tensors 20000
gone() { "$PYTHON" "$TESTS/cli/output/terminal_gone.py" "$@"; }
look() { # prints temporary files, and files whose length is not that of an array
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
