#!/bin/sh
# Files that contradict their set are named, each fault once, and what is clear can be used.
"$PYTHON" - <<'END'
import os
import struct
import gguf_writer


def write(case, n, name=None, no=None, count=3, total=3, tensor=None):
    os.makedirs(case, exist_ok=True)
    keys = [('general.architecture', 'str', 'test'), ('split.no', 'u16', n - 1 if no is None else no),
            ('split.count', 'u16', count), ('split.tensors.count', 'i32', total)]
    with open(f'{case}/{name or f"m-{n:05d}-of-00003.gguf"}', 'wb') as f:
        f.write(gguf_writer.model(keys, [(tensor or f't{n}', 'f32', [1], struct.pack('<f', n))]))


cases = {'copy': {'no': 0, 'tensor': 't1'}, 'count': {'count': 4}, 'total': {'total': 9, 'tensor': 'x'},
         'duplicate': {'tensor': 't1'}, 'number': {'no': 9}}
for case, fault in cases.items():
    for n in 1, 2, 3:
        write(case, n, **(fault if n == 2 else {}))
END
for case in copy count total duplicate number; do
    echo "-- $case"
    gguf-dq list --names $case
    gguf-dq check $case
    gguf-dq extract -q -f raw -o - $case t3 | od -An -f
    gguf-dq extract -q -f raw -o - $case t1 | od -An -f
    gguf-dq extract -q -o out/ $case
    echo "exit $?"
done
ls
