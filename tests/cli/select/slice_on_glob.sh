#!/bin/sh
# A slice behind a pattern holds for each match; one that does not fit fails the whole.
cp "$DATA/sample.gguf" .
gguf-dq extract -f raw -q -o out/ sample.gguf 'blk.*.attn_[qk].weight[0:16, ::2]'
(cd out && cksum ./*)
gguf-dq extract -f raw -q -o other/ sample.gguf 'blk.*.attn_[qk].weight[ 200 ]'
echo "exit $?"
ls
