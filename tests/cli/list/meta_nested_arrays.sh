#!/bin/sh
# Each array in an array of arrays is shown with its own elements, however long the previous one is.
"$PYTHON" - <<'END'
import gguf_writer
# After its sixth number, the first array looks like an array of one u32, 666.
forged = list(range(6)) + [4 | 1 << 32, 666 << 32]
metadata = [
    ('forged', '[[u64]]', [forged, [7, 8], [9]]),
    ('long', '[[u8]]', [[10 * n + i for i in range(n)] for n in range(5, 9)]),
    ('many', '[[i16]]', [[-n] * 7 for n in range(9)]),
    ('words', '[[str]]', [list('abcdefgh'), ['\x04\0\0\0'] * 7, ['x']]),
    ('deep', '[[[f32]]]', [[[0.5] * 7, [1.5]] * 4, [[2.5] * 8] * 7, [[3.5]]]),
    ('empty', '[[u8]]', [[], [1], []]),
    ('after', 'u32', 1),
]
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model(metadata, []))
END
gguf-dq list --meta m.gguf | grep ' = ' | tee text
gguf-dq list --meta --json m.gguf >json
"$PYTHON" - <<'END'
import json

def show(value):
    if isinstance(value, str):
        return '"' + value.replace('\0', '\\x00').replace('\x04', '\\x04') + '"'
    if not isinstance(value, list):
        return str(value)
    more = f', ...] ({len(value)} elements)' if len(value) > 6 else ']'
    return '[' + ', '.join(map(show, value[:6])) + more

with open('json') as f, open('text') as text:
    for key, pair in json.load(f)['metadata'].items():
        line = next(text).rstrip('\n')
        if line != f'{key} ({pair["type"]}) = {show(pair["value"])}':
            print(f'JSON says otherwise: {key} = {pair["value"]}')
END
