#!/bin/sh
# meson: valgrind
# An earlier report as the limit: what is worse, and reports that are none.
"$PYTHON" - <<'END'
import struct

import gguf_writer

nan, inf = float('nan'), float('inf')
rows = {
    'r.gguf': {'better': (1, 2), 'worse': (1, 2), 'last': (1, 2), 'max': (1, 1), 'nan': (1, 2), 'zero': (0, 0), 'same': (0, 0)},
    'm.gguf': {'better': (1, 3), 'worse': (1, 2), 'last': (1, 2.5), 'max': (2, 2), 'nan': (1, 2), 'zero': (0, 0), 'same': (0, 1)},
    'n.gguf': {'better': (1, 2.5), 'worse': (1, 2.5), 'last': (1, struct.unpack('<f', struct.pack('<I', 0x40200001))[0]),
               'max': (1, 1 + 1.25), 'nan': (1, inf), 'zero': (0, 1e-20), 'same': (0, 1), 'new': (1, 2)},
    'less.gguf': {'worse': (1, 2)}}
rows['r.gguf']['new'] = 1, 1
for path, tensors in rows.items():
    with open(path, 'wb') as f:
        f.write(gguf_writer.model([], [(name, 'f32', [2], struct.pack('<2f', *row)) for name, row in tensors.items()]))
END
gguf-dq compare --json r.gguf m.gguf >old.json
gguf-dq compare --against old.json --columns name r.gguf m.gguf
echo "$?"
gguf-dq compare --against old.json --columns name,nmse,max_abs,beyond,pattern r.gguf n.gguf
echo "$?"
gguf-dq compare --against old.json --json --columns name,beyond r.gguf n.gguf worse better
echo "$?"
gguf-dq compare --against old.json --columns name r.gguf less.gguf
echo "$?"
gguf-dq compare --against old.json -q --columns name r.gguf less.gguf worse
echo "$?"
gguf-dq compare --against old.json r.gguf less.gguf 'worse[1:]'
echo "$?"
"$PYTHON" - <<'END'
import json
import subprocess

row = {'name': 'worse', 'reference_name': 'worse', 'slice': None, 'nonfinite': {}, 'nmse': 0.0, 'max_abs': 0.0}

def run(data):
    with open('x.json', 'wb') as f:
        f.write(data if isinstance(data, bytes) else json.dumps(data).encode())
    done = subprocess.run(['gguf-dq', 'compare', '--max-memory', '64MiB', '--columns=name', '--against', 'x.json', 'r.gguf',
                           'less.gguf', 'worse'], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
    print(done.returncode, done.stderr.decode().strip()[:200])

run({'tensors': [row]})
run({'tensors': [dict(row, nonfinite={'nan/nan': 5, 'inf/-inf': '18446744073709551615'}, max_abs='inf', nmse=None)]})
for data in (b'', b'[]', b'{', b'{}', b'{"tensors": []}\n{}', b'{"tensors": {}}', b'{"tensors": [3]}', b'\xff', b'[' * 100000,
             b'{"tensors": ' + b'[' * 100000, b'{"tensors": [' + b'[],' * 3000000 + b'[]]}'):
    run(data)
run({'tensors': []})
run({'tensors': [dict(row, name='\x1b[31m')]})
run({'tensors': [dict(row, name='\x1b[31m')] * 2})
for key, values in (('name', (3, None)), ('reference_name', ([], None)), ('slice', (3,)), ('nmse', ('x', -1, [], 'nan')),
                    ('max_abs', ({}, -1e-300, '-inf')),
                    ('nonfinite', (None, 3, {'nan': 1}, {'nan/inf': -1}, {'nan/inf': 1.5}, {'nan/inf': '-1'}, {'nan/inf': '1x'},
                                   {'nan/inf': '18446744073709551616'}, {'nan/inf': '18446744073709551615', 'inf/nan': 1}))):
    run({'tensors': [row | {'name': 'other'}, {k: v for k, v in row.items() if k != key}]})
    for value in values:
        run({'tensors': [dict(row, **{key: value})]})
with open('x.json', 'wb') as f:
    f.truncate((256 << 20) + 1)
END
gguf-dq compare --against x.json r.gguf m.gguf
echo "$?"
gguf-dq compare --against missing r.gguf m.gguf
echo "$?"
gguf-dq compare --against . r.gguf m.gguf
echo "$?"
