#!/bin/sh
# --layout hf: what it cannot do is said, with what to do instead, before anything is written.
export PYTHONPATH="$TESTS/lib"
cp "$DATA/sample.gguf" .
cp "$DATA/hf/deepseek2/model-q4_k.gguf" mla.gguf
cp "$DATA/hf/llama/model-q4_k.gguf" llama.gguf
"$PYTHON" - <<'END'
import struct

import gguf_writer


def write(path, arch, *tensors, metadata=()):
    head = [('general.architecture', 'str', arch)] if arch else []
    with open(path, 'wb') as file:
        file.write(gguf_writer.model(head + list(metadata), [
            (name, 'f32', dims, bytes(gguf_writer.tensor_bytes('f32', dims))) for name, dims in tensors]))


write('unknown.gguf', 'no\x1bsuch', ('x', [4]))
write('none.gguf', None, ('x', [4]))
write('heads.gguf', 'llama', ('blk.1.attn_q.weight', [4, 12]), ('blk.0.attn_k.weight', [4, 6]),
      ('blk.0.attn_v.weight', [4, 6]),
      metadata=[('llama.attention.head_count', '[u32]', [2]),
                ('llama.attention.head_count_kv', 'str', 'x')])
write('keys.gguf', 'llama', ('blk.0.attn_q.weight', [4, 12]))
write('scale.gguf', 'qwen3', ('blk.0.attn_q.weight', [4, 12]), ('blk.0.attn_q.scale', [3]),
      ('blk.0.attn_k.weight', [4, 12]), ('blk.0.attn_k.scale', [1]))
write('double.gguf', 'lfm2', ('token_embd_norm.weight', [4]), ('output_norm.weight', [4]))
write('fused.gguf', 'llama', ('blk.0.attn_qkv.weight', [4, 13]),
      metadata=[('llama.attention.head_count', 'u32', 2), ('llama.embedding_length', 'u32', 4)])
END
try() {
    printf '$ %s\n' "$*"
    gguf-dq "$@" -o out/
    echo "exit $?"
    [ ! -e out ] || rm -r out
}
try extract --layout hf unknown.gguf
try extract --layout hf none.gguf
try extract --layout hf sample.gguf
try extract --layout hf -k sample.gguf
try extract --layout hf mla.gguf blk.0.attn_k_b
try extract --layout hf mla.gguf 'blk.0.attn_kv_a_norm[:4]'
try extract --layout hf mla.gguf 'blk.0.attn_k_b[0]' blk.0.attn_v_b
try extract --layout hf llama.gguf 'blk.0.attn_k[:4]'
try extract --layout hf llama.gguf -d native blk.0.attn_k
try extract --layout hf llama.gguf -d bf16 -f npy
try extract --layout hf heads.gguf blk.1.attn_q
try extract --layout hf heads.gguf blk.0.attn_k
try extract --layout hf keys.gguf
try extract --layout hf scale.gguf blk.0.attn_q.weight blk.0.attn_q.scale
try extract --layout hf scale.gguf blk.0.attn_k.weight
try extract --layout hf scale.gguf blk.0.attn_k.scale
try extract --layout hf double.gguf
try extract --layout hf fused.gguf
try extract --layout xyz llama.gguf
try extract --hf-config . llama.gguf
gguf-dq list --hf-config . llama.gguf
gguf-dq list --layout hf unknown.gguf
gguf-dq list --layout hf double.gguf
