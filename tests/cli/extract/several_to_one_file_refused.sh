#!/bin/sh
# Several tensors cannot be written to one file.
cp "$DATA/sample.gguf" .
gguf-dq extract sample.gguf -o x.npy output
echo "exit $?"
: >there
gguf-dq extract --force sample.gguf -o there output
echo "exit $?"
ls -A
