#!/bin/sh
# What was done is reported on standard error: nothing with -q, more with -v.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
gguf-dq extract m.gguf -o a
gguf-dq extract m.gguf -o b.npy a.weight
gguf-dq extract -q m.gguf -o c
gguf-dq extract -v m.gguf -o d 'b[:10]'
gguf-dq extract m.gguf -o - a.weight | wc -c
gguf-dq extract -v -j2 m.gguf -o - a.weight | wc -c
ls
