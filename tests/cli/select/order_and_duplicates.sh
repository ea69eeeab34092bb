#!/bin/sh
# Tensors come in file order, and once even if they are selected twice; slices keep their order.
cp "$DATA/sample.gguf" .
gguf-dq list --names sample.gguf position_ids output token_embd.weight 'output.*' token_embd
gguf-dq extract -n -f raw -o - sample.gguf 'position_ids[:2]' 'rope_freqs[1]' \
    'position_ids[9]' position_ids 'position_ids[ :2]'
