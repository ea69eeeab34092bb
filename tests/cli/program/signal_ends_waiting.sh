#!/bin/sh
# A signal ends a run that waits for the reader of a pipe or a FIFO, without a message.
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 16M
"$PYTHON" "$TESTS/lib/make_big.py" many.gguf --tensors 20000
"$PYTHON" "$TESTS/cli/tools/interrupt.py" --blocked TERM gguf-dq extract big.gguf -o -
"$PYTHON" "$TESTS/cli/tools/interrupt.py" --blocked INT gguf-dq list many.gguf
"$PYTHON" "$TESTS/cli/tools/interrupt.py" --blocked INT gguf-dq extract big.gguf -o - --manifest m.json
mkfifo fifo
"$PYTHON" "$TESTS/cli/tools/interrupt.py" --blocked TERM gguf-dq extract big.gguf -o fifo
ls
