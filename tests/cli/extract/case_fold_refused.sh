#!/bin/sh
# Two file names that differ only in case are refused, because they are the same file on some disks.
# A pipe is not affected.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf Layer.weight:f32:4 layer.weight:f32:4 other:f32:4
gguf-dq extract m.gguf
echo "exit $?"
gguf-dq extract --force m.gguf -f raw layer Layer
echo "exit $?"
ls -A
gguf-dq extract m.gguf -f raw -o - | wc -c
gguf-dq extract m.gguf layer.weight other
gguf-dq extract m.gguf Layer.weight -o Layer.npy
ls -A m
