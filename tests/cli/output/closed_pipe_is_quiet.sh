#!/bin/sh
# A reader may close the pipe at any time: no message, exit 0.
"$PYTHON" "$TESTS/lib/make_big.py" many.gguf --tensors 20000
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 1G
try() {
    { gguf-dq "$@"; echo "$1: exit $?" >>status; } | head -c 100 >part
    wc -c <part
}
try list many.gguf
try list --json many.gguf
try list --jsonl many.gguf
try list --names many.gguf
try extract -f raw -o - big.gguf
try extract -f npy -o - many.gguf
try extract --dry-run many.gguf
try extract --jsonl -n many.gguf
try extract --json -n many.gguf
try bench --device cpu --time 500 # which would take minutes
cat status
# The reader closes the pipe before anything is written.
mkfifo fifo
for command in 'list --meta' 'extract -o -' 'list --json'; do
    : <fifo &
    # shellcheck disable=SC2086 # a command and its options
    { wait; gguf-dq $command many.gguf; echo "exit $?" >&3; } 3>&1 >fifo
done
