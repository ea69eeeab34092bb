#!/bin/sh
# Nothing but names, a line each; they can be given back with -T.
cp "$DATA/gguf/good/odd_names.gguf" .
gguf-dq list --names odd_names.gguf
gguf-dq list --names odd_names.gguf >names
gguf-dq list --names odd_names.gguf -T names | cmp - names
