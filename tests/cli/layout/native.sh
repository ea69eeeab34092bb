#!/bin/sh
# --layout hf -d native: weights that are not quantized keep their type, also where the values change,
# and where zeros are added.
export PYTHONPATH="$TESTS/lib"
"$PYTHON" - <<'END'
import numpy

import gguf_writer

for kind in ('f16', 'bf16'):
    halves = {'f16': numpy.array([1.5, 2], '<f2').view('<u2'), 'bf16': numpy.array([0x3fc0, 0x4000], '<u2')}
    two = halves[kind].tobytes()
    with open(kind + '.gguf', 'wb') as file:
        file.write(gguf_writer.model(
            [('general.architecture', 'str', 'gemma')],
            [('token_embd.weight', kind, [2, 2], two * 2), ('output_norm.weight', kind, [2], two),
             ('blk.0.attn_norm.weight', 'f32', [2], numpy.array([1.25, 3], '<f4').tobytes())]))
with open('mixed.gguf', 'wb') as file:
    file.write(gguf_writer.model(
        [('general.architecture', 'str', 'granitemoe'), ('granitemoe.attention.head_count', 'u32', 1)],
        [('blk.0.ffn_gate_exps.weight', 'f16', [2, 2, 1], bytes(8)),
         ('blk.0.ffn_up_exps.weight', 'f32', [2, 2, 1], bytes(16))]))
END
for kind in f16 bf16; do
    gguf-dq extract -q --layout hf -d native -f raw -o $kind --manifest $kind.json $kind.gguf
    for file in "$kind"/*; do
        echo "$file: $(od -An -tx1 "$file" | tr -d ' \n')"
    done
    grep -o '"dtype": "[a-z0-9]*"' $kind.json
done
gguf-dq extract --layout hf -d native -o out/ mixed.gguf
echo "exit $?"
cp "$DATA/hf/llama/model-q4_k.gguf" q4_k.gguf
gguf-dq extract --layout hf -d native -o out/ q4_k.gguf blk.0.attn_k
echo "exit $?"
