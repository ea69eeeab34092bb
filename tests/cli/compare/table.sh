#!/bin/sh
# meson: valgrind
# The table: patterns, tensors that are in one file only, other shapes, and what cannot be read.
"$PYTHON" - <<'END'
import struct

import gguf_writer

def floats(*values):
    return struct.pack(f'<{len(values)}f', *values)

nan, inf = float('nan'), float('inf')
base = [0.5, -0.25, 3, 1, -2, 0.125]
same = ('same', 'f32', [6], floats(*base))
reference = [
    same, ('zeros', 'f32', [3], floats(0, 1, 0)), ('gone', 'f32', [6], floats(*base)),
    ('shifted', 'f32', [6], floats(*base)), ('scaled', 'f32', [3, 2], floats(*base)),
    ('reordered', 'f32', [2, 3], floats(*base)), ('nan', 'f32', [4], floats(1, nan, 2, inf)),
    ('nothing', 'f32', [2], floats(0, 0)), ('turned', 'f32', [3, 2], floats(*base)), ('one', 'f32', [1], floats(5)),
    ('outer', 'f32', [6, 1], floats(*base)), ('absent\x1b[31m', 'f32', [1, 2], floats(1, 2)), ('none', 'f32', [3, 0], b'')]
model = [
    ('extra', 'f16', [2], bytes(4)), same, ('zeros', 'f32', [3], floats(0, 1, -0.0)), ('gone', 'f32', [6], floats(*[0] * 6)),
    ('shifted', 'f32', [6], floats(*(x - 1.5 for x in base))), ('scaled', 'f32', [3, 2], floats(*(-2 * x for x in base))),
    ('reordered', 'f32', [2, 3], floats(*base[::-1])), ('nan', 'f32', [4], floats(1, nan, nan, -inf)),
    ('nothing', 'f32', [2], floats(0, 1)), ('turned', 'f32', [2, 3], floats(*base)), ('one', 'f32', [1], floats(6)),
    ('outer', 'f32', [6], floats(*base)), ('none', 'f32', [3, 0], b'')]
for path, tensors in (('reference.gguf', reference), ('m.gguf', model)):
    with open(path, 'wb') as f:
        f.write(gguf_writer.model([], tensors))
END
gguf-dq compare reference.gguf m.gguf
echo "$?"
gguf-dq compare reference.gguf m.gguf -x turned 'scaled[:, ::2]' 'absent*' same
echo "$?"
gguf-dq compare --jsonl reference.gguf m.gguf one extra
echo "$?"
gguf-dq compare --json reference.gguf m.gguf extra
echo "$?"
gguf-dq compare reference.gguf m.gguf 'extr'
echo "$?"
cp "$DATA/gguf/bad/type_unknown_43.gguf" "$DATA/gguf/bad/trunc_in_second_tensor_data.gguf" .
cp "$DATA/gguf/good/split-00001-of-00003.gguf" "$DATA/gguf/good/split-00002-of-00003.gguf" .
for name in type_unknown_43 trunc_in_second_tensor_data split-00002-of-00003; do
    gguf-dq compare "$name.gguf" "$name.gguf"
    echo "$?"
done
