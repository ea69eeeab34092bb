#!/bin/sh
# Patterns work as in the shell, but a star matches dots and slashes.
cp "$DATA/sample.gguf" "$DATA/gguf/good/odd_names.gguf" .
for pattern in 'blk.*.attn_q*' 'blk.?.ffn_norm.*' 'blk.[1-9].attn_[qk].weight' \
    'blk.[!0].attn_[!qk].weight' '*.bias' '*norm*'; do
    echo "$pattern"
    gguf-dq list --names sample.gguf "$pattern"
done
gguf-dq list --names sample.gguf >names
gguf-dq list --names sample.gguf '*' | cmp - names
gguf-dq list --names odd_names.gguf -t '?/?/c' -t '..*x'
