#!/bin/sh
# Tensors that cannot be decoded are named; the others are still checked.
cp "$DATA/gguf/bad/type_unknown_43.gguf" "$DATA/gguf/bad/trunc_in_second_tensor_data.gguf" .
"$TESTS/gpu/verify.sh" type_unknown_43.gguf
echo "$?"
"$TESTS/gpu/verify.sh" trunc_in_second_tensor_data.gguf
echo "$?"
DQ_HOST_WRONG=bits:0-0 "$TESTS/gpu/verify.sh" trunc_in_second_tensor_data.gguf >/dev/null
echo "$?"
