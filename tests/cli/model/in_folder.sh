#!/bin/sh
# Without a model argument, the only model in the current folder is used, even if the first operand
# is a tensor name.
mkdir models
cp "$DATA/sample.gguf" models/
cd models || exit
gguf-dq list --names output.bias
gguf-dq list --names blk.0.attn_q
gguf-dq list --names -t output token_embd
gguf-dq extract -q -t blk.0.attn_q
ls sample
cd ..
gguf-dq list --names models rope_freqs
gguf-dq list --names models/ rope_freqs
gguf-dq list --jsonl models rope_freqs
