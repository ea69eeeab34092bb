#!/bin/sh
# --meta=short leaves long arrays and strings out: type and length stay.
"$PYTHON" - <<'END'
import gguf_writer
pairs = [('general.architecture', 'str', 'x'), ('few', '[u32]', list(range(16))),
         ('many', '[u32]', list(range(17))), ('tokens', '[str]', ['a'] * 1000),
         ('nested', '[[u8]]', [[1, 2], [0] * 20, [3]]), ('long', 'str', 'y' * 65537),
         ('template', 'str', 'z' * 65536), ('last', 'u8', 7)]
open('m.gguf', 'wb').write(gguf_writer.model(pairs, []))
END
gguf-dq list --meta=short m.gguf | cut -c 1-100
gguf-dq list --meta=short --json m.gguf | cut -c 1-100
gguf-dq list --json -m m.gguf >full.json
gguf-dq list --json --meta=short m.gguf >short.json
"$PYTHON" - <<'END'
import json
full, short = (json.load(open(f'{name}.json'))['metadata'] for name in ('full', 'short'))
for key, pair in short.items():
    whole = full[key]
    assert pair['type'] == whole['type'], key
    if 'length' in pair:
        assert pair['value'] is None and pair['length'] == len(whole['value']), key
    elif key != 'nested':
        assert pair == whole, key
print(short['nested'])
END
gguf-dq list --meta=long m.gguf
echo "exit $?"
