#!/bin/sh
# A slice after a pattern applies to each match; if it does not fit one of them, nothing is written.
cp "$DATA/sample.gguf" .
gguf-dq extract -f raw -q -o out/ sample.gguf 'blk.*.attn_[qk].weight[0:16, ::2]'
(cd out && cksum ./*)
gguf-dq extract -f raw -q -o other/ sample.gguf 'blk.*.attn_[qk].weight[ 200 ]'
echo "exit $?"
ls
