#!/bin/sh
# Two names that differ only after a NUL byte are two tensors, selected by their display names.
cp "$DATA/gguf/bad/tensor_name_embedded_nul_duplicate.gguf" m.gguf
gguf-dq list --names m.gguf
gguf-dq list --names m.gguf | head -n 1 | gguf-dq list --names m.gguf -T -
gguf-dq extract -q m.gguf
ls m
