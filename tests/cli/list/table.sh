#!/bin/sh
# Name, type, shape as numpy has it, bytes and offset of each tensor.
cp "$DATA/sample.gguf" .
gguf-dq list sample.gguf
