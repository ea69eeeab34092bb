#!/bin/sh
# The byte order is shown; types with no defined big-endian layout are refused.
cp "$DATA/gguf/good/big_endian.gguf" .
gguf-dq list big_endian.gguf
