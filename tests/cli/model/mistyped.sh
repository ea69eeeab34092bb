#!/bin/sh
# A model whose name is mistyped: similar models in the same directory are suggested.
mkdir d
cp "$DATA/gguf/good/small_valid.gguf" d/model.gguf
cd d || exit
gguf-dq list model.guff # taken for a tensor of the only model
echo "exit $?"
cp model.gguf other.gguf
gguf-dq list model.guff
echo "exit $?"
gguf-dq check modell.gguf
echo "exit $?"
gguf-dq extract -o out ../d/Modle.gguf
echo "exit $?"
GGUF_DQ_MODEL=$PWD/modle.gguf gguf-dq list 2>&1 | sed "s:$PWD:.:"
gguf-dq list unlike.gguf
gguf-dq list absent/model.gguf
