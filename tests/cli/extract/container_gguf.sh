#!/bin/sh
# meson: valgrind threads
# A GGUF of stored blocks is the model itself; a selection of its tensors is a model of its own. As f16 and
# bf16, what llama.cpp needs as F32 stays F32, and the metadata say what was done.
try() {
    gguf-dq "$@"
    echo "exit $?"
}
cp "$DATA/sample.gguf" .
for name in sample gguf/good/all_types gguf/good/align4096; do
    gguf-dq extract -q -d native -o copy.gguf --force -j 4 "$DATA/$name.gguf" && cmp copy.gguf "$DATA/$name.gguf"
    gguf-dq extract -q -d native -o - -f gguf "$DATA/$name.gguf" | cmp - copy.gguf
done
# Other versions, byte orders and split sets become version 3, little-endian, in one file.
for name in version1_legacy version2 big_endian split-00002-of-00003 alignment_8; do
    gguf-dq extract -q -d native -o out.gguf --force "$DATA/gguf/good/$name.gguf"
    gguf-dq check -q out.gguf
    gguf-dq extract -q -f raw -o - out.gguf >a
    gguf-dq extract -q -f raw -o - "$DATA/gguf/good/$name.gguf" | cmp - a
    gguf-dq list --meta --json out.gguf >a
    gguf-dq list --meta --json "$DATA/gguf/good/$name.gguf" >b
    "$PYTHON" - <<'END'
import json
a, b = (json.load(open(name)) for name in 'ab')
print([a[key] for key in ('version', 'endian')], a['alignment'] == b['alignment'], len(a['metadata']),
      a['metadata'] == {k: v for k, v in b['metadata'].items() if not k.startswith('split.')},
      all(t['type'] == u['type'] and t['shape'] == u['shape'] for t, u in zip(a['tensors'], b['tensors'])))
END
done
gguf-dq extract -q -d native -o part.gguf sample.gguf 'blk.0.*' token_embd
try list part.gguf
gguf-dq extract -q -d native -f raw -o - part.gguf >a
gguf-dq extract -q -d native -f raw -o - sample.gguf 'blk.0.*' token_embd | cmp - a
"$PYTHON" - <<'END'
import gguf_writer
names = [('token_embd.weight', 'f32', [32, 2]), ('blk.0.attn_norm.weight', 'f32', [4, 2]),
         ('blk.0.ffn_gate_inp.weight', 'f32', [4, 2]), ('blk.0.ssm_a', 'f32', [4, 2]),
         ('blk.0.attn_q.weight', 'q4_0', [32, 2]), ('blk.0.attn_q.bias', 'f16', [4]),
         ('blk.0.ids.weight', 'i32', [4, 2]), ('scalar.weight', 'f32', [])]
def zeros(t, d): # the codes of a Q4_0 zero are 8
    return bytes(gguf_writer.tensor_bytes(t, d)) if t != 'q4_0' else (b'\0\0' + b'\x88' * 16) * 2
tensors = [(n, t, d, zeros(t, d)) for n, t, d in names]
pairs = [('general.architecture', 'str', 'x'), ('general.file_type', 'u32', 2), ('a', '[[u16]]', [[1], [2, 3]]),
         ('general.quantization_version', 'u32', 2), ('split.tensors.count', 'i32', 8)]
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model(pairs, tensors))
for dtype, file_type in ('f32', 0), ('f16', 1), ('bf16', 32):
    stays = {'token_embd.weight': dtype, 'blk.0.attn_q.weight': dtype, 'blk.0.ids.weight': 'i32'}
    types = [stays.get(n, 'f32') for n, _, _ in names]
    data = [(n, t, d, zeros(t, d)) for (n, _, d), t in zip(names, types)]
    with open(f'wanted-{dtype}.gguf', 'wb') as f:
        f.write(gguf_writer.model([pairs[0], pairs[2], ('general.file_type', 'u32', file_type)], data))
END
for dtype in f32 f16 bf16; do
    try extract -q -d $dtype -o $dtype.gguf m.gguf
    cmp $dtype.gguf wanted-$dtype.gguf
done
try extract -q -o default/ -f gguf m.gguf
cmp default/m.gguf f32.gguf
# Slices of whole blocks.
try extract -q -d native -o slice.gguf sample.gguf 'output.weight[3:5, 32:96]'
gguf-dq list slice.gguf | tail -n 1
try extract -q -d native -o other.gguf sample.gguf 'output.weight[3:5, 33:96]'
try extract -q -n -f gguf <sample.gguf -o in/ - output.weight
