#!/bin/sh
# list does not accept slices.
cp "$DATA/sample.gguf" .
gguf-dq list sample.gguf 'output.weight[0]'
