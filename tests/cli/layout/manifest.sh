#!/bin/sh
# The manifest says which tensors each Hugging Face array was made of, and how; --skip-existing
# completes a set.
cp "$DATA/hf/deepseek2/model-q4_k.gguf" m.gguf
gguf-dq extract -q --layout hf -f raw -d bf16 -o out --manifest m.json m.gguf
cat m.json
rm out/*kv_b*
gguf-dq extract --layout hf -f raw -d bf16 -o out --skip-existing m.gguf
gguf-dq extract -q --layout hf -f raw -d bf16 -o - m.gguf | cksum
cat out/*layernorm* out/*kv_b* | cksum
