#!/bin/sh
# In JSON a metadata key is as it is in the file, if JSON can spell it.
"$PYTHON" - <<'END'
import os, sys
sys.path.insert(0, os.environ['TESTS'])
import gguf_writer
keys = ['plain', 'back\\slash', 'new\nline', 'ü', '\\u00fc', '\x1b[0m', 'quote"', b'\xff', 'a\0b']
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model([(key, 'u8', n) for n, key in enumerate(keys)], []))
END
gguf-dq list --meta m.gguf | grep ' = '
gguf-dq list --meta --json m.gguf | "$PYTHON" -c '
import json, sys
for key, pair in json.load(sys.stdin)["metadata"].items():
    print(ascii(key), pair["value"])'
