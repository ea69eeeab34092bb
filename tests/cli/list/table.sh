#!/bin/sh
# The table has the name, type, numpy shape, bytes and offset of each tensor.
cp "$DATA/sample.gguf" .
gguf-dq list sample.gguf
