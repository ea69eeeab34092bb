#!/bin/sh
# meson: valgrind
# Forks use ids of ggml's types for blocks of their own: known ones are decoded, others are refused and
# named, and their neighbours stay usable.
"$PYTHON" - "$DATA" <<'EOF'
import sys
import gguf_writer
golden = open(f'{sys.argv[1]}/golden/pq2_0.blocks', 'rb').read()
gguf_writer.TYPES.update({'g128': (42, 128, 34), 'tq3': (41, 32, 14), 'wide': (2, 32, 20)})
arch = [('general.architecture', 'str', 'qwen3')]
norm = ('output_norm.weight', 'f32', [64], bytes(4 * 64))
def write(name, tensors):
    with open(name, 'wb') as f:
        f.write(gguf_writer.model(arch, tensors))
def zeros(name, kind, dims):
    return (name, kind, dims, bytes(gguf_writer.tensor_bytes(kind, dims)))
n = len(golden) // 34
write('bonsai.gguf', [('a.weight', 'g128', [128, n], golden), norm, ('b.weight', 'g128', [128, n], golden)])
write('bonsai2.gguf', [('a.weight', 'pq2_0', [128, n], golden), norm])
write('turbo.gguf', [zeros('a.weight', 'tq3', [256, 64]), zeros('b.weight', 'tq3', [256, 64]), norm])
write('wide.gguf', [zeros('a.weight', 'wide', [256, 8]), zeros('b.weight', 'wide', [512, 8]), norm])
EOF
for name in bonsai bonsai2; do
    gguf-dq list $name.gguf
    gguf-dq check $name.gguf
    gguf-dq extract -q $name.gguf a.weight -f raw -o - | cmp - "$DATA/golden/pq2_0.f32"
done
gguf-dq extract -q bonsai.gguf b.weight -f raw -o - | cmp - "$DATA/golden/pq2_0.f32"
gguf-dq verify -q --device cpu bonsai.gguf >verified
tail -n 1 verified
for name in turbo wide; do
    gguf-dq check $name.gguf
    gguf-dq extract $name.gguf -o none/ || echo "exit $?"
    gguf-dq extract -qk $name.gguf -o $name/ || echo "exit $?"
    ls $name
done
