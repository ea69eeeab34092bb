#!/bin/sh
# meson: valgrind
# Scale tensors are named, and multiplied in with --apply-scales: in f32, before rounding to the dtype.
"$PYTHON" - "$DATA" <<'EOF'
import struct
import sys
import gguf_writer
golden = open(f'{sys.argv[1]}/golden/nvfp4.blocks', 'rb').read()
def floats(*values):
    return struct.pack(f'<{len(values)}f', *values)
def write(name, tensors):
    with open(name, 'wb') as f:
        f.write(gguf_writer.model([('general.architecture', 'str', 'x')], tensors))
write('m.gguf', [
    ('one.weight', 'nvfp4', [64, 50], golden[:36 * 50]), ('one.scale', 'f32', [1], floats(1 / 3)),
    ('one.input_scale', 'f32', [1], floats(7)),
    ('exps.weight', 'nvfp4', [64, 2, 9], golden[:36 * 18]),
    ('exps.scale', 'f32', [9], floats(0.1, -2, 0, 1e38, 3e-39, float('inf'), float('nan'), 1e30, 0.7)),
    ('plain.weight', 'f32', [4], floats(1, -2, 3e38, 0)), ('plain.scale', 'f16', [1], struct.pack('<e', 1.5)),
    ('other.weight', 'f32', [4, 2], bytes(32)), ('other.scale', 'f32', [2], floats(1, 2)),
    ('no.scale', 'f32', [1], floats(1)),
    ('empty.weight', 'f32', [2, 2, 0], b''), ('empty.scale', 'f32', [0], b'')])
EOF
gguf-dq extract m.gguf -o stored/
gguf-dq extract -q m.gguf one.scale -o quiet/
gguf-dq extract m.gguf -d native one.weight -o native/
gguf-dq extract --apply-scales m.gguf -o f32/ --jsonl >f32.jsonl
gguf-dq extract --apply-scales m.gguf -d f16 -o f16/
gguf-dq extract --apply-scales m.gguf -d bf16 -f raw -o bf16/
gguf-dq extract -q --apply-scales m.gguf 'exps.weight[::-1, 1, 3:50:5]' 'exps.weight[2:8]' 'one.weight[7, 5]' -o f32/
gguf-dq extract --apply-scales -d native m.gguf -o none/ || echo "exit $?"
"$PYTHON" - <<'EOF'
import json
import numpy as np
np.seterr(all='ignore')
def same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b, equal_nan=True)
def load(path):
    return np.load(path + '.npy')
def bf16(x):
    bits = x.view('u4').astype('u8')
    return np.where(np.isnan(x), 0x7fc0, (bits + 0x7fff + (bits >> 16 & 1)) >> 16).astype('u2')
want = {}
for name, shape in (('one', ()), ('exps', (9, 1, 1)), ('plain', ())):
    scale = load(f'stored/{name}.scale').astype('f4').reshape(shape)
    want[name] = load(f'stored/{name}.weight') * scale
    raw = np.fromfile(f'bf16/{name}.weight.raw', 'u2').reshape(want[name].shape)
    print(name, same(load(f'f32/{name}.weight'), want[name]),
          same(load(f'f16/{name}.weight'), want[name].astype('f2')), same(raw, bf16(want[name])))
exps = want['exps']
print(same(load('f32/exps.weight%5B%3A%3A-1%2C1%2C3%3A50%3A5%5D'), exps[::-1, 1, 3:50:5]),
      same(load('f32/exps.weight%5B2%3A8%5D'), exps[2:8]),
      same(load('f32/one.weight%5B7%2C5%5D'), want['one'][7, 5]))
print(same(load('f32/other.weight'), load('stored/other.weight')))
with open('f32.jsonl') as f:
    for line in map(json.loads, f):
        print(line['tensor'], line['overflows'], line.get('scale'))
stored = load('stored/exps.weight')
print(np.count_nonzero(np.isinf(exps) & np.isfinite(stored)), np.count_nonzero(np.isinf(want['plain'])))
EOF
