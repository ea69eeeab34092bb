#!/bin/sh
# Existing files that are not regular are never replaced, not even with --force.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
mkfifo fifo
"$PYTHON" -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
for place in fifo socket; do
    gguf-dq extract -q --force m.gguf -o out/ --manifest "$place"
    echo "exit $?"
done
gguf-dq extract -q --force m.gguf -o socket a
echo "exit $?"
gguf-dq extract -q --skip-existing m.gguf -o socket a
echo "exit $?"
[ -p fifo ] && echo 'still a FIFO'
[ -S socket ] && echo 'still a socket'
