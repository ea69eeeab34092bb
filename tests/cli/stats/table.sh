#!/bin/sh
# meson: valgrind
# The table, and what happens with tensors that cannot be used.
cp "$DATA/sample.gguf" m.gguf
gguf-dq stats m.gguf 'blk.0.attn_*' output.weight '-t' 'output.weight[3, ::2]'
gguf-dq stats --jsonl m.gguf output.bias
gguf-dq stats m.gguf nothing
echo "$?"
gguf-dq stats --cpu baseline --device gpu m.gguf
echo "$?"
gguf-dq stats missing.gguf --json
echo "$?"
cp "$DATA/gguf/bad/type_unknown_43.gguf" "$DATA/gguf/bad/trunc_in_second_tensor_data.gguf" .
gguf-dq stats type_unknown_43.gguf
echo "$?"
gguf-dq stats trunc_in_second_tensor_data.gguf
echo "$?"
cp "$DATA/gguf/good/split-00002-of-00003.gguf" .
gguf-dq stats split-00002-of-00003.gguf
echo "$?"
for command in stats hash; do
    gguf-dq "$command" -v m.gguf output.bias 2>&1 >/dev/null | grep ' on '
    gguf-dq "$command" -v --device cpu m.gguf output.bias output.weight 2>&1 >/dev/null | grep ' on '
done
