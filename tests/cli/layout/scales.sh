#!/bin/sh
# Scale tensors of every float type multiply the weights of --layout hf as --apply-scales does, for a
# tensor and for each expert.
"$PYTHON" - "$DATA" <<'END'
import struct
import sys

import gguf_writer

blocks = open(f'{sys.argv[1]}/golden/nvfp4.blocks', 'rb').read()
formats = {'f32': 'f', 'f64': 'd', 'f16': 'e'}
tensors = []
for i, kind in enumerate(['f32', 'f64', 'f16', 'bf16']):
    def pack(*values):
        if kind == 'bf16':
            return b''.join(struct.pack('<f', value)[2:] for value in values)
        return struct.pack(f'<{len(values)}{formats[kind]}', *values)
    tensors += [(f'blk.{i}.attn_q.weight', 'nvfp4', [64, 3], blocks[:36 * 3]),
                (f'blk.{i}.attn_q.scale', kind, [1], pack(1 / 3)),
                (f'blk.{i}.attn_q.input_scale', kind, [1], pack(7)),
                (f'blk.{i}.ffn_up_exps.weight', 'nvfp4', [64, 2, 3], blocks[36 * 3:36 * 9]),
                (f'blk.{i}.ffn_up_exps.scale', kind, [3], pack(0.1, -2, 1e-3))]
with open('m.gguf', 'wb') as file:
    file.write(gguf_writer.model([('general.architecture', 'str', 'qwen3moe')], tensors))
END
gguf-dq extract -q --layout hf -f raw -o hf/ m.gguf
gguf-dq extract -q --apply-scales -f raw -o gguf/ m.gguf
for layer in 0 1 2 3; do
    cmp "hf/model.layers.$layer.self_attn.q_proj.weight.raw" "gguf/blk.$layer.attn_q.weight.raw"
    cat "hf/model.layers.$layer.mlp.experts."?.up_proj.weight.raw |
        cmp - "gguf/blk.$layer.ffn_up_exps.weight.raw"
done
find hf -type f | wc -l
for layer in 0 1 2 3; do
    cksum <"hf/model.layers.$layer.self_attn.q_proj.weight.raw"
done
