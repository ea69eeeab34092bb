#!/bin/sh
# Notes are about what was written: no rows are permuted in a Hugging Face layout, nor wrongly in GGUF, and
# configuration is not copied beside a file.
cp "$DATA/hf/llama/model-q4_k.gguf" m.gguf
cp -r "$DATA/hf/llama" original
gguf-dq extract --layout hf -o hf/ m.gguf
gguf-dq extract --layout hf --hf-config original -o hf.npz m.gguf
gguf-dq extract -d f16 -o f16.gguf m.gguf
gguf-dq extract -o m.npz m.gguf
ls
