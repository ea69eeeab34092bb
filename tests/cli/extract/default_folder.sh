#!/bin/sh
# Without --output the arrays go to a folder named after the model.
cp "$DATA/sample.gguf" .
gguf-dq extract sample.gguf
"$PYTHON" "$TESTS/cli/tools/describe.py" sample/*
find . -name "*.tmp"
mkdir models
cp "$DATA/gguf/good/small_valid.gguf" models/plain
gguf-dq extract -q models/plain
ls
ls plain.tensors
