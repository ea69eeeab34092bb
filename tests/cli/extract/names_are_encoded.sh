#!/bin/sh
# Tensor names are encoded to safe file names; tensors whose file names could collide are all
# refused.
cp "$DATA/gguf/good/odd_names.gguf" "$DATA/gguf/good/empty_tensor_name.gguf" .
gguf-dq extract odd_names.gguf
echo "exit $?"
ls -A
gguf-dq extract odd_names.gguf -x A/B/C
echo "exit $?"
ls -A odd_names
gguf-dq extract -q empty_tensor_name.gguf
ls -A empty_tensor_name
gguf-dq extract -q odd_names.gguf -o out/ 'tab\there'
ls -A out
[ -e /tmp/evil ] && echo 'a name led out of the folder'
ls -A
