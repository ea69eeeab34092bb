#!/bin/sh
# meson: gpu timeout=300
# A wrong weight is traced to its cause: tensor, block, file offset, bytes, both values.
cp "$DATA/sample.gguf" m.gguf
DQ_HOST_WRONG=bits:1000-1000 "$TESTS/cli/tools/verify.sh" m.gguf blk.0.attn_k.weight output.bias
echo "$?"
DQ_HOST_WRONG=bits:1000-1009 "$TESTS/cli/tools/verify.sh" m.gguf blk.0.attn_k.weight -d f16
echo "$?"
DQ_HOST_WRONG=bits:255-300 "$TESTS/cli/tools/verify.sh" m.gguf output.bias -d bf16
echo "$?"
DQ_HOST_WRONG=nan:9-9 "$TESTS/cli/tools/verify.sh" m.gguf output.bias
echo "$?"
# The bytes shown are those in the file.
od -An -v -tx1 -j 100976 -N 176 m.gguf | tr -d ' \n'
echo
# A slice: indices of weights and blocks are those in the whole tensor.
DQ_HOST_WRONG=bits:3-3 "$TESTS/cli/tools/verify.sh" m.gguf 'blk.0.attn_k.weight[5:7]'
echo "$?"
# In a split set, the offset is that in the file that holds the tensor.
cp "$DATA"/gguf/good/split-*.gguf .
DQ_HOST_WRONG=bits:0-0 "$TESTS/cli/tools/verify.sh" split-00001-of-00003.gguf >out
grep -e first: -e block: out | sed 's/\(block: .\{32\}\).*/\1/'
od -An -v -tx1 -j "$(sed -n 's/.*offset \([0-9]*\) of split-00003.*/\1/p' out | head -n 1)" -N 16 \
    split-00003-of-00003.gguf
