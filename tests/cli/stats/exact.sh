#!/bin/sh
# meson: gpu threads timeout=300
# Every figure is what Python's integers and fractions make of the weights that extract writes: whole tensors of
# every type, slices, NaN and infinities. The report is the same on every device and level, and with any number of
# threads and memory.
cp "$DATA/gguf/good/all_types.gguf" m.gguf
"$PYTHON" - <<'END_PYTHON'
import io
import json
import subprocess

import gguf_writer
import numpy
from stats_figures import bin_figures, figures, fit_figures

numbers = numpy.array([numpy.nan, 1.5, -numpy.inf, -0.0, 0.0, 1e-40, 3e38, -3e38, 3e38, numpy.inf, 1.5, -7], '<f4')
halves = numpy.arange(1 << 16, dtype='<u2')
rng = numpy.random.default_rng(1)
edges = numpy.concatenate([numpy.arange(first - 3, first + 4, dtype='<u4') for first in (
    3, 0x33000000, 0x33800000, 0x38800000, 0x387fe000, 0x477fe000, 0x477ff000, 0x7f7f8000, 0x7f800000)])
normal = rng.standard_normal(4097).astype('<f4')
with open('n.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [
        ('n', 'f32', [4, 3], numbers.tobytes()), ('none', 'f32', [2], numbers[[0, 2]].tobytes()),
        ('halves', 'f16', [256, 256], halves.tobytes()), ('brains', 'bf16', [256, 256], halves.tobytes()),
        ('edges', 'f32', [len(edges) * 2], numpy.concatenate([edges, edges | 1 << 31]).tobytes()),
        ('equal', 'f32', [5], numpy.full(5, 0.1, '<f4').tobytes()), ('zeros', 'bf16', [7], bytes(14)),
        *((f'normal{n}', 'f32', [n], normal[:n].tobytes()) for n in (0, 1, 4095, 4097)),
        ('brain', 'bf16', [4097], (normal.view('<u4') >> 16).astype('<u2').tobytes())]))

def run(*words):
    return subprocess.run(['gguf-dq', *words], check=True, stdout=subprocess.PIPE).stdout

percentiles = ['0', '0.1', '50', '99.9', '99.999999', '100']
slices = {'blk.0.q4_k[1:, ::-3]': lambda shape: [range(1, shape[0]), range(shape[1])[::-3]],
          'cube.f32[..., 2]': lambda shape: [range(shape[0]), range(shape[1]), [2]],
          'blk.0.iq2_xs[0]': lambda shape: [[0], range(shape[1])],
          'n[1:,2]': lambda shape: [range(1, shape[0]), [2]]}
for path, words in (('m.gguf', ()), ('m.gguf', tuple(slices)[:3]), ('n.gguf', ()), ('n.gguf', ('n[1:,2]',))):
    shapes = {t['name']: t['shape'] for t in json.loads(run('list', '--json', path))['tensors']}
    rows = json.loads(run('stats', '--json', '--fit', '--percentiles=' + ','.join(percentiles), path, *words))['tensors']
    assert len(rows) == len(words or shapes)
    for row in rows:
        word = row['name'] + (row['slice'] or '')
        array = numpy.load(io.BytesIO(run('extract', '-q', '-d', 'f32', '-o', '-', path, '-t', word))).astype('<f4')
        places = [indices(shapes[row['name']]) for key, indices in slices.items()
                  if key.replace(' ', '') == word.replace('.weight', '')]
        usual = figures(array, *places)
        wanted = {'shape': list(array.shape), **usual, **fit_figures(array),
                  **bin_figures(array, usual['std'], percentiles, row['type'] == 'BF16')}
        assert wanted == {key: row[key] for key in wanted}, (
            word, {key: (row[key], wanted[key]) for key in wanted if row[key] != wanted[key]})
        assert set(row) == {*wanted, 'name', 'slice', 'type'}, set(row) ^ {*wanted}
    print(path, len(rows))
END_PYTHON
levels=$(gguf-dq devices --jsonl | sed -n 's/.*"cpu \([a-z0-9]*\)", "usable": true.*/--cpu=\1/p')
for path in m.gguf n.gguf; do
    gguf-dq stats --json --fit --percentiles $path >expected
    for words in '-j1' '-j3' '--max-memory 4MiB -j1' '--device gpu' '--device gpu:all -j5' $levels; do
        # shellcheck disable=SC2086
        gguf-dq stats --json --fit --percentiles $words $path | cmp - expected
    done
done
