#!/bin/sh
# A write that fails: a one-line message, exit 6, and no partial file.
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 8M
trap '' XFSZ
ulimit -f 64
gguf-dq extract big.gguf -o x.raw
echo "exit $?"
gguf-dq extract big.gguf
echo "exit $?"
gguf-dq extract big.gguf -f raw -o - >x
echo "exit $?"
rm x
: >there.npy
gguf-dq extract --force big.gguf -o there.npy
echo "exit $?"
wc -c <there.npy
ls -A . big
