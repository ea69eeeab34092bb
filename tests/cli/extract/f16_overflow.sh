#!/bin/sh
# meson: valgrind
# Weights too large for f16 become infinite and are counted; with --strict they are an error.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf --scale 40000 large:f32:4 small:f32:1 most:f32:2
gguf-dq extract m.gguf -d f16
echo "exit $?"
"$PYTHON" -c 'import numpy; print(*(numpy.load(f"m/{name}.npy").tolist() for name in ("large", "most")))'
gguf-dq extract -q m.gguf -d f16 -o quiet.npy large
echo "exit $?"
gguf-dq extract --strict m.gguf -d f16 -o strict.npy large
echo "exit $?"
gguf-dq extract --strict m.gguf -d f16 -o strict/ small
echo "exit $?"
gguf-dq extract --strict m.gguf -d f32 -o f32.npy large
echo "exit $?"
gguf-dq extract -q --jsonl m.gguf -d f16 -o json/ | grep -o '"overflows": [0-9]*'
ls -A . strict
