#!/bin/sh
# meson: unsanitized timeout=240
# A transposition of any size, quantized or not, is done in bounded memory, and gives the same bytes as
# with more. The tensors are holes in the file, but for a block at the end of a row.
cat >make.py <<'END'
import struct

import gguf_writer

rows, columns = 20000, 512
tensors = [('blk.0.ffn_up.weight', 'q4_k', [columns, rows]), ('blk.0.attn_output.weight', 'f32', [columns, rows])]
head = gguf_writer.head([('general.architecture', 'str', 'gpt2')], tensors)
with open('m.gguf', 'wb') as file:
    file.write(head)
    off = len(head)
    for _, kind, dims in tensors:
        size = gguf_writer.tensor_bytes(kind, dims)
        row = size // rows
        for r in range(0, rows, 997):
            file.seek(off + r * row + row - 144)
            file.write(struct.pack('<ee', r / 8, 1) + bytes((r + i) % 256 for i in range(140)))
        off += size + len(gguf_writer.pad(size))
    file.truncate(off)
END
PYTHONPATH="$TESTS/lib" "$PYTHON" make.py
for options in '--max-memory 6MiB -j 1' '--max-memory 24MiB -j 3' '-j 16'; do
    # shellcheck disable=SC2086 # several words
    gguf-dq extract -q --layout hf -f raw -d bf16 $options -o - m.gguf | cksum
done
cat >check.py <<'END'
import numpy as np

array = np.fromfile('up.raw', '<f4').reshape(512, 20000)
plain = np.fromfile('plain.raw', '<f4').reshape(20000, 512)
print('transposed' if (array.view('u4') == plain.T.view('u4')).all() else 'WRONG', (plain != 0).sum() > 0)
END
gguf-dq extract -q --layout hf -f raw --max-memory 8MiB -o up.raw m.gguf blk.0.ffn_up.weight
gguf-dq extract -q -f raw -o plain.raw m.gguf blk.0.ffn_up.weight
"$PYTHON" check.py
