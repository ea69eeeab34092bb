#!/bin/sh
# Byte order is said; types that no tool writes in it are refused.
cp "$DATA/gguf/good/big_endian.gguf" .
gguf-dq list big_endian.gguf
