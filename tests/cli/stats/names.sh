#!/bin/sh
# Names are shown whole, however long, and what is shown with its slice selects just that. Tensors may be empty.
"$PYTHON" - <<'END'
import struct

import gguf_writer

three = struct.pack('<3f', 1, 2, 3)
names = '\u00e9' * 400, 'a' * 511 + '\u00e9', '\x1b[31mred'
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [*((name, 'f32', [3], three) for name in names), ('none', 'f32', [3, 0], b'')]))
END
gguf-dq stats m.gguf | sed '1d; s/ .*//' >shown
gguf-dq list --names m.gguf | diff - shown
gguf-dq stats m.gguf '\x1b[31mred[::2]' none
gguf-dq stats --json m.gguf none | "$PYTHON" -c 'import json, sys
row = json.load(sys.stdin)["tensors"][0]
print({key: value for key, value in row.items() if key != "octaves"})'
