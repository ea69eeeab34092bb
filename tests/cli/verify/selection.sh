#!/bin/sh
# meson: gpu timeout=300
# Tensors are selected as for extract; slices are extended to whole blocks.
cp "$DATA/sample.gguf" .
"$TESTS/cli/tools/verify.sh" --tensor blk.0.attn_q
"$TESTS/cli/tools/verify.sh" sample.gguf 'blk.*.attn_norm*' -x '*.1.*' -d f16
"$TESTS/cli/tools/verify.sh" sample.gguf 'token_embd.weight[7:9, 3]' 'blk.0.ffn_up_exps.weight[2, ::-5]' \
    'output.weight[0, 31:33]' | tail -n 5
"$TESTS/cli/tools/verify.sh" sample.gguf outptu
echo "$?"
"$TESTS/cli/tools/verify.sh" -d native sample.gguf
echo "$?"
"$TESTS/cli/tools/verify.sh" nowhere.gguf
echo "$?"
