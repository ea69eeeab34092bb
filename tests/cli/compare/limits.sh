#!/bin/sh
# Limits: within them the exit status is 0, beyond them 1; what cannot be told from numbers is beyond all of them.
"$PYTHON" - <<'END'
import struct

import gguf_writer

def floats(*values):
    return struct.pack(f'<{len(values)}f', *values)

nan = float('nan')
for path, rows in (('a.gguf', ((4, 3), (0, 0), (0, 0), (nan, 1), (1, nan))),
                   ('b.gguf', ((4, 2), (0, 0), (0, -0.5), (nan, 1), (1, 1))),
                   ('c.gguf', ((4, 2),))):
    names = 'off', 'zero', 'undefined', 'nan', 'unlike'
    with open(path, 'wb') as f:
        f.write(gguf_writer.model([], [(name, 'f32', [2], floats(*row)) for name, row in zip(names, rows)]))
END
try()
{
    gguf-dq compare "$@" >out 2>err
    echo "$? $*: $(sed -n 's/^\([a-z]*\) .*beyond/\1 beyond/p' out | tr '\n' ',') $(cat err)"
}
for limit in 0.04 0.039; do
    try a.gguf b.gguf off --max-nmse "$limit"
done
for limit in 13.98 13.99; do
    try a.gguf b.gguf off --min-snr "$limit"
done
for limit in 1 0.999; do
    try a.gguf b.gguf off --max-abs "$limit"
done
try a.gguf b.gguf off --equal
try a.gguf b.gguf zero nan --equal --max-nmse 0 --min-snr 1000 --max-abs 0
try a.gguf b.gguf --max-nmse 1000
try a.gguf b.gguf --min-snr -1000
try a.gguf b.gguf --max-abs 1000
try a.gguf b.gguf
try c.gguf b.gguf --max-abs 1
try b.gguf c.gguf --equal
try b.gguf c.gguf --equal off
gguf-dq compare --jsonl --equal --max-abs 0 a.gguf b.gguf off zero |
    "$PYTHON" -c 'import json, sys
for line in sys.stdin:
    row = json.loads(line)
    print(row.get("name"), row.get("beyond"), row.get("error"))'
