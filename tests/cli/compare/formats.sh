#!/bin/sh
# meson: valgrind
# The figures that are shown, in which order and form, and what is refused.
"$PYTHON" - <<'END'
import struct

import gguf_writer

nan = float('nan')
for path, numbers in (('r.gguf', ((1, 2, 3, 4), (1, 1, nan, 1), (0, 0, 0, 0), (2, 2, 2, 2))),
                      ('m.gguf', ((1, 2, 3, 5), (1, 1, 1, 1), (0, 0, 0, 0), (1, 2, 2, 2)))):
    with open(path, 'wb') as f:
        f.write(gguf_writer.model([], [(name, 'f32', [2, 2], struct.pack('<4f', *row)) for name, row in
                                       zip(('b,"q"\t\x1b', 'nan', 'a', 'c'), numbers)] +
                                  [(path, 'f32', [1], bytes(4))]))
END
gguf-dq compare -f csv r.gguf m.gguf
gguf-dq compare -f tsv --max-nmse 0 --max-abs 0.5 r.gguf m.gguf --columns name,shape,nonfinite,nmse,max_at,pattern,beyond
echo "$?"
gguf-dq compare --columns name,shape,nonfinite,nmse,max_at,beyond --equal --max-abs 0 r.gguf m.gguf
echo "$?"
gguf-dq compare --sort nmse r.gguf m.gguf
gguf-dq compare --sort -name --top 2 --json --columns name,max_at,nonfinite,beyond r.gguf m.gguf
gguf-dq compare --sort pattern --columns pattern,name --jsonl r.gguf m.gguf
gguf-dq compare --sort max_abs --top 1 --max-abs 0 --columns max_abs r.gguf m.gguf 'b*' 'c[:,1]' nan
echo "$?"
for words in '--sort nsme' '--sort max_at' '--sort beyond' '--columns=' '--columns f16_exact' '--columns nmse,nmse' '--top 3' \
    '-f csv --json' '-f hex' '--columns percentiles' '--sort p50'; do
    # shellcheck disable=SC2086
    gguf-dq compare $words r.gguf m.gguf
    echo "$?" >&2
done 2>&1 | grep -v '^Try'

# Parts: a line for each, limits for each.
gguf-dq compare --by row --max-nmse 0.1 --percentiles=100 r.gguf m.gguf
echo "$?"
gguf-dq compare --by matrix -f tsv --columns name,slice,shape,worst_row,p50,p100 --percentiles=50,100 r.gguf m.gguf
gguf-dq compare --by row --json r.gguf m.gguf c >old.json
gguf-dq compare --by row --jsonl --columns slice,beyond --against old.json m.gguf r.gguf c
echo "$?"
cp "$DATA/sample.gguf" s.gguf
gguf-dq compare --by block s.gguf s.gguf 'output.weight[:,1:]'
echo "$?"
gguf-dq compare --by row --sort nmse s.gguf s.gguf
echo "$?"
