#!/bin/sh
# meson: valgrind
# One unusable tensor ends the run before anything is written; without it the others are written.
cp "$DATA/gguf/bad/trunc_in_second_tensor_data.gguf" m.gguf
gguf-dq extract m.gguf
echo "exit $?"
gguf-dq extract m.gguf b.weight -o - | wc -c
gguf-dq extract m.gguf 'b.weight[20:30]' -o x.npy
echo "exit $?"
ls -A
gguf-dq extract m.gguf a.weight
echo "exit $?"
gguf-dq extract m.gguf -x b.weight -f raw
echo "exit $?"
ls m
