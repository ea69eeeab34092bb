#!/bin/sh
# The files are written even if nobody reads the report any more.
"$PYTHON" "$TESTS/lib/make_big.py" many.gguf --tensors 100
gguf-dq extract -q many.gguf -o due
mkfifo fifo
for options in --jsonl --json; do
    : <fifo &
    { wait; gguf-dq extract -q $options many.gguf -o out --manifest m.json; echo "exit $?" >&3; } \
        3>&1 >fifo
    diff -r due out
    grep -c '"status": "written"' m.json
    rm -r out m.json
done
