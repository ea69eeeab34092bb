#!/bin/sh
# meson: valgrind
# NaN and infinity in weights or scales are errors, all-zero tensors get a note; both say which
# block and how many, in the same order with any number of threads.
"$PYTHON" - <<'EOF'
import struct
import gguf_writer

def change(data, *pairs):
    data = bytearray(data)
    for offset, value in pairs:
        data[offset:offset + len(value)] = value
    return bytes(data)

q4_0 = b'\0\x3c' + bytes(range(16))
q4_k = struct.pack('<2e', 1, 1) + bytes(range(140))
mxfp4 = bytes(range(1, 18))
f32 = struct.pack('<8f', *range(8))
with open('model.gguf', 'wb') as f:
    f.write(gguf_writer.model([('general.architecture', 'str', 'test')], [
        ('sound', 'q4_0', [64], q4_0 * 2),
        ('nan.scale', 'q4_0', [32, 100], change(q4_0 * 100, (7 * 18, b'\1\x7c'), (9 * 18, b'\0\xfc'))),
        ('inf.min', 'q4_k', [512], change(q4_k * 2, (144 + 2, b'\0\x7c'))),
        ('e.255', 'mxfp4', [96], change(mxfp4 * 3, (17, b'\xff'))),
        ('e.254', 'mxfp4', [96], change(mxfp4 * 3, (17, b'\xfe'))),
        ('inf.f32', 'f32', [8], change(f32, (12, struct.pack('<f', float('-inf'))))),
        ('nan.f16', 'f16', [4], bytes.fromhex('003c017e003c003c')),
        ('nan.bf16', 'bf16', [3], bytes.fromhex('803f803fc07f')),
        ('nan.f64', 'f64', [2], struct.pack('<2d', 1e300, float('nan'))),
        ('zero.f32', 'f32', [3, 2], struct.pack('<6f', 0, -0.0, 0, 0, 0, 0)),
        ('zero.q4_0', 'q4_0', [32], b'\0\0' + bytes(range(16))),
        ('zero.i8', 'i8', [5], bytes(5)),
        ('ones', 'i8', [5], b'\xff' * 5),
        ('empty', 'f32', [0], b''),
    ]))
# Q4_0 has a defined big-endian layout, Q4_1 has none.
name = lambda text: struct.pack('>Q', len(text)) + text
head = b'GGUF' + struct.pack('>IQQ', 3, 2, 1) + name(b'general.architecture') + struct.pack('>I', 8)
head += name(b'test')
for text, type_id, offset in (b'q4_0', 2, 0), (b'q4_1', 3, 32):
    head += name(text) + struct.pack('>IQIQ', 1, 32, type_id, offset)
with open('big.gguf', 'wb') as f:
    f.write(head + bytes(-len(head) % 32) + b'\x7c\1' + bytes(30) + b'\1\x7c' * 2 + bytes(28))
EOF
gguf-dq check model.gguf
echo "exit $?"
gguf-dq check --values model.gguf
echo "exit $?"
gguf-dq check --values --jsonl model.gguf nan.scale
echo "exit $?"
for threads in '' -j1 -j3 --threads=64; do
    gguf-dq check --values $threads model.gguf 2>&1 | cksum
done | uniq | wc -l
gguf-dq check --values model.gguf 'zero.*' sound
echo "exit $?"
cp "$DATA/sample.gguf" .
gguf-dq check --values sample.gguf
# What cannot be decoded is not read; it is already reported.
cp "$DATA/gguf/bad/overlap_partial.gguf" "$DATA/gguf/bad/type_unknown_43.gguf" .
gguf-dq check --values overlap_partial.gguf
gguf-dq check --values type_unknown_43.gguf
gguf-dq check --values big.gguf
