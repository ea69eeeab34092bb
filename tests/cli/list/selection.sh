#!/bin/sh
# Only the selected tensors are shown and counted, in file order.
cp "$DATA/sample.gguf" .
gguf-dq list sample.gguf output.weight -t 'blk.1.attn_*' -x '*_norm.*' token_embd
