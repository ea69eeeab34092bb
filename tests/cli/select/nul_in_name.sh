#!/bin/sh
# Two names that differ after a NUL byte are two tensors, named the way that they are shown.
cp "$DATA/gguf/bad/tensor_name_embedded_nul_duplicate.gguf" m.gguf
gguf-dq list --names m.gguf
gguf-dq list --names m.gguf | head -n 1 | gguf-dq list --names m.gguf -T -
gguf-dq extract -q m.gguf
ls m
