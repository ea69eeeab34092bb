#!/bin/sh
# meson: gpu timeout=300
# Tensors that cannot be decoded are named; the others are still verified.
cp "$DATA/gguf/bad/type_unknown_43.gguf" "$DATA/gguf/bad/trunc_in_second_tensor_data.gguf" .
"$TESTS/cli/tools/verify.sh" type_unknown_43.gguf
echo "$?"
"$TESTS/cli/tools/verify.sh" trunc_in_second_tensor_data.gguf
echo "$?"
DQ_HOST_WRONG=bits:0-0 "$TESTS/cli/tools/verify.sh" trunc_in_second_tensor_data.gguf >/dev/null
echo "$?"
