#!/bin/sh
# Sums that exceed 64 bits are shown as the largest 64-bit number; none wraps around.
"$PYTHON" - <<'END2'
import struct
import sys

def text(s):
    return struct.pack('<Q', len(s)) + s.encode()

def model(tensors):
    head = b'GGUF' + struct.pack('<IQQ', 3, len(tensors), 0)
    for name, offset, weights in tensors:
        head += text(name) + struct.pack('<IQIQ', 1, weights, 200, offset)
    return head + bytes(-len(head) % 32) + bytes(32 * len(tensors))

with open('weights.gguf', 'wb') as f:
    f.write(model([(f'x{i}', 32 * i, 2**60 - 1) for i in range(20)]))
with open('offset.gguf', 'wb') as f:
    f.write(model([('x', 0, 1), ('far', 2**62, 1)]))
END2
gguf-dq list weights.gguf | head -n 1
gguf-dq list offset.gguf
gguf-dq list --jsonl offset.gguf | tail -n 1
