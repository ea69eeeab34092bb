#!/bin/sh
# The model and the names cannot both come from standard input.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
gguf-dq list -T - - <m.gguf
echo "exit $?"
gguf-dq extract -o - -T - - <m.gguf
echo "exit $?"
GGUF_DQ_MODEL=- gguf-dq list -T - <m.gguf
echo "exit $?"
printf a.weight | GGUF_DQ_MODEL=- gguf-dq extract -o - -T -
echo "exit $?"
