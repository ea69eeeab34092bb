#!/bin/sh
# Tensors are chosen as for extract; of a slice, whole blocks are compared.
cp "$DATA/sample.gguf" .
gguf-dq verify --tensor blk.0.attn_q
gguf-dq verify sample.gguf 'blk.*.attn_norm*' -x '*.1.*' -d f16
gguf-dq verify sample.gguf 'token_embd.weight[7:9, 3]' 'blk.0.ffn_up_exps.weight[2, ::-5]' \
    'output.weight[0, 31:33]' | tail -n 5
gguf-dq verify sample.gguf outptu
echo "$?"
gguf-dq verify -d native sample.gguf
echo "$?"
gguf-dq verify nowhere.gguf
echo "$?"
