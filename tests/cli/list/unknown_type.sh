#!/bin/sh
# A type that is not known is listed with its number and the bytes up to the next tensor.
cp "$DATA/gguf/bad/type_unknown_100.gguf" "$DATA/gguf/bad/type_removed_31.gguf" .
gguf-dq list type_unknown_100.gguf
gguf-dq list type_removed_31.gguf
gguf-dq list --jsonl type_removed_31.gguf
