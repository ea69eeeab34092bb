#!/bin/sh
# meson: gpu timeout=300
# With less GPU memory, chunks get smaller and lanes fewer; with too little, the GPU cannot be used.
cp "$DATA/sample.gguf" m.gguf
export DQ_HOST_DEVICES=1
gguf-dq extract -q --device cpu -f raw m.gguf -o - >cpu
for memory in 100000000 20000000 5000000 1000000 300000 98308; do
    echo "$memory"
    DQ_HOST_MEMORY=$memory gguf-dq extract -q --device gpu -f raw m.gguf -o - | cmp - cpu
    DQ_HOST_MEMORY=$memory gguf-dq verify m.gguf | tail -n 1
done
for memory in 98307 1000 0; do
    echo "$memory"
    DQ_HOST_MEMORY=$memory gguf-dq extract --device gpu m.gguf -o x/
    echo "$?"
    DQ_HOST_MEMORY=$memory gguf-dq verify m.gguf
    echo "$?"
    DQ_HOST_MEMORY=$memory GGUF_DQ_AUTO_MIN=1 gguf-dq extract -q --device auto -f raw m.gguf -o - |
        cmp - cpu
done
ls
