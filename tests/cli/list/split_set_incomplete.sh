#!/bin/sh
# The missing file of a split set is named.
cp "$DATA"/gguf/good/split-*.gguf .
rm split-00002-of-00003.gguf
gguf-dq list split-00001-of-00003.gguf
echo "exit $?"
gguf-dq list split-00003-of-00003.gguf
echo "exit $?"
