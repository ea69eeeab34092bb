#!/bin/sh
# --exclude overrides every kind of selection.
cp "$DATA/sample.gguf" .
gguf-dq list --names sample.gguf -t 'blk.0.attn_*' -x 'blk.0.attn_q' -x '*norm*'
echo
gguf-dq list --names sample.gguf output.weight output.bias -x output.bias
echo
gguf-dq list --names sample.gguf -x 'blk.*'
echo
gguf-dq extract -n -f raw sample.gguf 'position_ids[:4]' 'rope_freqs[:4]' -x position_ids
gguf-dq list --names sample.gguf output.bias -x output
echo "exit $?"
gguf-dq list --names sample.gguf -x '*'
echo "exit $?"
