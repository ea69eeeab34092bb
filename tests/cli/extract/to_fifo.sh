#!/bin/sh
# A FIFO or a device receives arrays like a pipe, and is not replaced.
cp "$DATA/sample.gguf" .
mkfifo fifo
"$PYTHON" "$TESTS/cli/tools/describe.py" <fifo &
gguf-dq extract sample.gguf -o fifo output position_ids
status=$?
wait
echo "exit $status"
[ -p fifo ] && echo 'still a FIFO'
gguf-dq extract --json sample.gguf -n -o fifo rope_freqs | grep -c planned
gguf-dq extract sample.gguf -o /dev/null
echo "exit $?"
[ -c /dev/null ] && echo 'still a device'
