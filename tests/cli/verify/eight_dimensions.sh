#!/bin/sh
# meson: gpu
# Tensors of more than four dimensions, and a slice of the outermost one.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf five:f16:8x6x1x2x2 blocks:q8_0:2x1x3x2x1x2x2x32
gguf-dq verify --jsonl --device gpu m.gguf five blocks 'blocks[1]' 'five[::-2, 1:]' |
    sed 's/.*"tensor": \("[^"]*"\).*"verdict": \("[a-z]*"\).*/\1 \2/'
