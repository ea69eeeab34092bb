#!/bin/sh
# The signal that a `ulimit -f` sends leaves no partial file either.
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 8M
ulimit -f 64
gguf-dq extract big.gguf -o x.raw
echo "exit $?"
ls -A
