#!/bin/sh
# --names prints only names, one a line; -T reads them back.
cp "$DATA/gguf/good/odd_names.gguf" .
gguf-dq list --names odd_names.gguf
gguf-dq list --names odd_names.gguf >names
gguf-dq list --names odd_names.gguf -T names | cmp - names
