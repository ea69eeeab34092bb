#!/bin/sh
# meson: threads
# -o names a folder, which is created with its parents; a single tensor goes into it if it exists or
# if the name ends in a slash.
cp "$DATA/sample.gguf" .
gguf-dq extract sample.gguf -o a/b/c blk.0.attn_q
gguf-dq extract sample.gguf -o d/e/ output.bias
mkdir there
gguf-dq extract -q sample.gguf -o there output.bias
gguf-dq extract -q sample.gguf -o there/ rope_freqs
gguf-dq extract -q sample.gguf -o "$PWD/abs//x/" rope_freqs
ls a/b/c d/e there abs/x
