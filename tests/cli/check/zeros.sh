#!/bin/sh
# meson: valgrind
# Zeros that cannot be meant are errors: a weight matrix of zeros, and runs of zero bytes in one, at any
# place of the chunks. Zeros that can be meant are notes, and what is sparse is not examined.
"$PYTHON" - <<'EOF'
import random
import struct
import gguf_writer

random.seed(1)

def dense(n):
    return bytes(random.choices(range(1, 255), k=n))

def holes(data, *ranges):
    data = bytearray(data)
    for first, end in ranges:
        data[first:end] = bytes(end - first)
    return bytes(data)

ROW = 4800
f32 = b''.join(struct.pack('<f', random.uniform(1, 2)) for _ in range(1200 * 64))  # 64 rows
q8_0 = b''.join(b'\1\x2c' + dense(32) for _ in range(64 * 16))
eye = b''.join(bytes(4 * i) + b'\0\0\x80\x3f' + bytes(4 * (1499 - i)) for i in range(1500))
with open('model.gguf', 'wb') as f:
    f.write(gguf_writer.model([('general.architecture', 'str', 'test')], [
        ('q.weight', 'q8_0', [2048, 16], holes(q8_0, (5000, 20000))),
        ('short.weight', 'q8_0', [2048, 16], holes(q8_0, (5000, 9000))),
        ('start.weight', 'f32', [1200, 64], holes(f32, (0, 4100))),
        ('end.weight', 'f32', [1200, 64], holes(f32, (ROW * 64 - 4100, ROW * 64))),
        ('page.weight', 'f32', [1200, 64], holes(f32, (100000, 104096))),
        ('two.weight', 'f32', [1200, 64], holes(f32, (10, 4110), (100000, 140000))),
        ('many.weight', 'f32', [1200, 64], holes(f32, *((i * 20010, i * 20010 + 5000) for i in range(12)))),
        ('meant.row.weight', 'f32', [1200, 64], holes(f32, (ROW * 20 - 4, ROW * 21 + 2))),
        ('rows.weight', 'f32', [1200, 64], holes(f32, (ROW * 20, ROW * 23))),
        ('row.weight', 'f32', [1200, 32, 2], holes(f32, (ROW * 20, ROW * 22))),
        ('half.weight', 'f32', [1200, 64], holes(f32, (ROW * 32, ROW * 64))),
        ('all.weight', 'q8_0', [2048, 16], bytes(len(q8_0))),
        ('quantized', 'q8_0', [2048, 16], bytes(len(q8_0))),
        ('meant.padded.weight', 'f32', [1200, 64], holes(f32, (ROW * 50, ROW * 64))),
        ('meant.expert.weight', 'f32', [1200, 16, 4], holes(f32, (ROW * 16, ROW * 48))),
        ('token_embd.weight', 'f32', [1200, 64], holes(f32, (ROW * 20, ROW * 34))),
        ('position_embd.weight', 'f32', [1200, 64], bytes(len(f32))),
        ('norm.weight', 'f32', [1200], bytes(4800)),
        ('q.bias', 'f32', [1200, 64], holes(f32, (100000, 140000))),
        ('q.state', 'f32', [1200, 64], bytes(len(f32))),
        ('lora_b.weight', 'f32', [1200, 64], bytes(len(f32))),
        ('numbers', 'i32', [1200, 64], holes(f32, (100000, 140000))),
        ('eye.weight', 'f32', [1500, 1500], eye),
    ]))
with open('aligned.gguf', 'wb') as f:  # one row that is a page of the file
    data = f32[:4096 * 8]
    f.write(gguf_writer.model([('general.architecture', 'str', 'test')], [
        ('pad.weight', 'f32', [980], data[:3920]),
        ('w.weight', 'f32', [1024, 8], holes(data, (4096 * 3, 4096 * 4))),
    ]))
EOF
gguf-dq check --values model.gguf
echo "exit $?"
for option in -j1 -j3 --threads=64 --max-memory=4MiB; do
    gguf-dq check --values $option model.gguf 2>&1 | cksum
done | uniq | wc -l
# Quietly: the status, and one line.
gguf-dq check --values -q model.gguf
echo "exit $?"
gguf-dq check --values -q model.gguf page.weight
echo "exit $?"
gguf-dq check --values -q model.gguf 'meant.*' position_embd q.bias
echo "exit $?"
gguf-dq check --values --jsonl model.gguf q.weight
gguf-dq check --values aligned.gguf
gguf-dq check model.gguf
