#!/bin/sh
# meson: valgrind
# Any file of a split set opens the whole set.
cp "$DATA"/gguf/good/split-*.gguf .
gguf-dq list split-00001-of-00003.gguf
for n in 2 3; do
    gguf-dq list "split-0000$n-of-00003.gguf" | sed 1s/0000$n/00001/ >other
    gguf-dq list split-00001-of-00003.gguf | cmp - other
done
gguf-dq list --json split-00002-of-00003.gguf | sed -n 1,10p
