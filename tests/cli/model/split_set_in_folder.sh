#!/bin/sh
# A split set counts as one model, even if its first file is missing.
cp "$DATA"/gguf/good/split-*.gguf .
gguf-dq list --names
gguf-dq extract -q -t blk.7.mxfp4
ls split
rm split-00001-of-00003.gguf
gguf-dq list
echo "exit $?"
