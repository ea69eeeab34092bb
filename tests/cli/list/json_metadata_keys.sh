#!/bin/sh
# In JSON, a metadata key is spelled as in the file, if JSON can hold it and no other key would look
# the same.
"$PYTHON" - <<'END'
import gguf_writer
keys = ['plain', 'back\\slash', 'new\nline', 'ü', '\\u00fc', '\x1b[0m', 'quote"', b'\xff', 'a\0b',
        '\\xff', '\\\\xff']
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model([(key, 'u8', n) for n, key in enumerate(keys)], []))
END
gguf-dq list --meta m.gguf | grep ' = '
gguf-dq list --meta --json m.gguf | "$PYTHON" -c '
import json, sys
class Pairs(list): pass
for key, pair in dict(json.load(sys.stdin, object_pairs_hook=Pairs))["metadata"]:
    print(ascii(key), dict(pair)["value"])'
