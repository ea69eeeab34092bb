#!/bin/sh
# What cannot be hashed is named, and then the model has no digest.
cp "$DATA/gguf/bad/type_unknown_43.gguf" "$DATA/gguf/bad/trunc_in_second_tensor_data.gguf" .
cp "$DATA/gguf/good/split-00002-of-00003.gguf" .
gguf-dq hash type_unknown_43.gguf
echo "$?"
gguf-dq hash -d native type_unknown_43.gguf
echo "$?"
gguf-dq hash trunc_in_second_tensor_data.gguf | tee sums
gguf-dq hash -q trunc_in_second_tensor_data.gguf >/dev/null
echo "$?"
printf '%064d  %s\n' 0 "$(gguf-dq list --names trunc_in_second_tensor_data.gguf | sed -n 2p)" >>sums
printf '%064d  (model)\n' 0 >>sums
gguf-dq hash -c sums trunc_in_second_tensor_data.gguf
echo "$?"
gguf-dq hash split-00002-of-00003.gguf
echo "$?"
gguf-dq hash -q --json trunc_in_second_tensor_data.gguf | "$PYTHON" -c 'import json, sys
report = json.load(sys.stdin)
print([(t["name"], t["digest"] is not None) for t in report["tensors"]], report["error"])'
gguf-dq show -q --jsonl trunc_in_second_tensor_data.gguf '*' | tail -n 1
