#!/bin/sh
# What a converter has done to the selected tensors is mentioned once, and not with -q.
"$PYTHON" - <<'EOF'
import gguf_writer
NAMES = ('token_embd.weight', 'blk.0.attn_norm.weight', 'blk.0.attn_q.weight', 'blk.0.attn_qkv.weight',
         'blk.0.ssm_a', 'blk.0.ssm_out.weight')
tensors = [(name, 'f32', [1], bytes(4)) for name in NAMES]
for arch in ('gemma3', 'llama', 'falcon', 'mamba', 'qwen35', 'qwen2'):
    with open(f'{arch}.gguf', 'wb') as f:
        f.write(gguf_writer.model([('general.architecture', 'str', arch)], tensors))
with open('rotated.gguf', 'wb') as f:
    f.write(gguf_writer.model([('general.architecture', 'str', 'qwen2'),
                               ('prism.hadamard.block_size', 'u32', 1024)], tensors))
with open('unfit.gguf', 'wb') as f:
    f.write(gguf_writer.model([('comfy.gguf.orig_shape.blk.0.ssm_a', '[i32]', [3])], tensors))
with open('unnamed.gguf', 'wb') as f:
    f.write(gguf_writer.model([], tensors))
EOF
for model in *.gguf; do
    echo "$model" >&2
    gguf-dq extract "$model" -o all/ --force
    gguf-dq extract -q "$model" -o quiet/ --force
done
gguf-dq extract llama.gguf token_embd -o one/
