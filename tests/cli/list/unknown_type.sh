#!/bin/sh
# A tensor of unknown type is listed with its type number and the bytes up to the next tensor.
cp "$DATA/gguf/bad/type_unknown_100.gguf" "$DATA/gguf/bad/type_removed_31.gguf" .
gguf-dq list type_unknown_100.gguf
gguf-dq list type_removed_31.gguf
gguf-dq list --jsonl type_removed_31.gguf
