#!/bin/sh
# meson: threads timeout=120
# The worst row of tensors of which threads take parts: rows shorter and longer than what is decoded at once. Rows, and
# what is in them, in another order are told apart.
"$PYTHON" - <<'END'
import gguf_writer
import numpy

random = numpy.random.default_rng(1)
tensors = {name: random.standard_normal(shape, '<f4') for name, shape in
           (('long', (7, 300001)), ('short', (100003, 5)), ('many', (3, 1000, 700)), ('turned', (90, 8000)),
            ('blk.0.attn_q.weight', (64, 80)), ('in_rows', (64, 80)), ('all', (64, 80)))}
changed = {name: x + random.standard_normal(x.shape, '<f4') / 64 for name, x in tensors.items()}
changed['turned'] = tensors['turned'][::-1]
changed['blk.0.attn_q.weight'] = tensors['blk.0.attn_q.weight'].reshape(2, 2, 16, 80).swapaxes(1, 2)
changed['in_rows'] = tensors['in_rows'][:, ::-1]
changed['all'] = random.permutation(tensors['all'].ravel())
for path, arrays in (('r.gguf', tensors), ('m.gguf', changed)):
    with open(path, 'wb') as f:
        f.write(gguf_writer.model([], [(name, 'f32', tensors[name].shape[::-1], x.tobytes()) for name, x in arrays.items()]))
END
gguf-dq compare --columns name,worst_row,worst_nmse,pattern -j4 r.gguf m.gguf | tee table
gguf-dq compare --json --percentiles -j1 r.gguf m.gguf >expected
for words in '-j2' '-j4' '-j7' '-j3 --max-memory 6MiB' '-j1 --cpu baseline' '-j3 --max-memory 7M --cpu baseline'; do
    # shellcheck disable=SC2086
    gguf-dq compare --json --percentiles $words r.gguf m.gguf | cmp - expected
done
# The same by another way.
for name in long short many; do
    gguf-dq compare -f tsv --by row --sort nmse --top 2 --columns slice,nmse r.gguf m.gguf "$name"
done
gguf-dq compare -f tsv --by matrix --columns slice,worst_row,nmse,worst_nmse,pattern r.gguf m.gguf many turned
