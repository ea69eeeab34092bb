#!/bin/sh
# list has no use for a slice.
cp "$DATA/sample.gguf" .
gguf-dq list sample.gguf 'output.weight[0]'
