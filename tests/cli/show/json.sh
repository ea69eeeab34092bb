#!/bin/sh
# JSON has all numbers of an array in a list; NaN and infinities are strings.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
gguf-dq show --json m.gguf 'a.weight[1, :4]' 'b.weight[:0]'
gguf-dq show --jsonl m.gguf 'a.weight[1, :4]' 'b.weight[0]'
gguf-dq show --json m.gguf nosuch
echo "$?"
gguf-dq show --jsonl m.gguf nosuch
echo "$?"
"$PYTHON" - <<'END'
import json
import struct
import subprocess

import gguf_writer

values = [float('nan'), float('inf'), -float('inf'), 0.1, -0.0, 1e-45, 3.4028234663852886e38]
with open('n.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [('n', 'f32', [7], struct.pack('<7f', *values))]))
found = subprocess.run(['gguf-dq', 'show', '--json', 'n.gguf', 'n'], check=True, stdout=subprocess.PIPE).stdout
found = json.loads(found)['tensors'][0]['values']
print(found, [struct.pack('<f', float(a)) == struct.pack('<f', b) for a, b in zip(found, values)])
END
