#!/bin/sh
# A scalar, empty dimensions, and no tensors at all.
cp "$DATA/gguf/good/n_dims_0_scalar.gguf" scalar.gguf
cp "$DATA/gguf/good/zero_dim.gguf" "$DATA/gguf/good/no_kv_no_tensors.gguf" .
gguf-dq extract -q scalar.gguf
gguf-dq extract -q zero_dim.gguf
"$PYTHON" "$TESTS/cli/tools/describe.py" scalar/* zero_dim/*
gguf-dq extract -q scalar.gguf -o - 'scalar[...]' | "$PYTHON" "$TESTS/cli/tools/describe.py"
gguf-dq extract scalar.gguf 'scalar[0]'
echo "exit $?"
gguf-dq extract zero_dim.gguf 'z[0]'
echo "exit $?"
gguf-dq extract -q zero_dim.gguf -o - 'y[2, 0:5]' | "$PYTHON" "$TESTS/cli/tools/describe.py"
gguf-dq extract no_kv_no_tensors.gguf -o -
echo "exit $?"
