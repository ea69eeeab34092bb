#!/bin/sh
# meson: gpu threads timeout=300
# Every figure is what Python's integers and fractions make of the weights that extract writes: whole tensors of
# every type, slices, NaN and infinities. The report is the same on every device and level, and with any number of
# threads and memory.
cp "$DATA/gguf/good/all_types.gguf" m.gguf
"$PYTHON" - <<'END'
import fractions
import io
import json
import math
import subprocess

import gguf_writer
import numpy

numbers = numpy.array([numpy.nan, 1.5, -numpy.inf, -0.0, 0.0, 1e-40, 3e38, -3e38, 3e38, numpy.inf, 1.5, -7], '<f4')
with open('n.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [('n', 'f32', [4, 3], numbers.tobytes()),
                                   ('none', 'f32', [2], numbers[[0, 2]].tobytes())]))

def run(*words):
    return subprocess.run(['gguf-dq', *words], check=True, stdout=subprocess.PIPE).stdout

def rounded(integer, exponent):
    return float(fractions.Fraction(integer) * fractions.Fraction(2) ** exponent)

def figures(array):
    x = array.ravel()
    bits = x.view('<u4')
    finite = x[numpy.isfinite(x)]
    integers = [int(fractions.Fraction(float(v)) * 2 ** 149) for v in finite]
    n, s, p = len(integers), sum(integers), sum(i * i for i in integers)
    order = numpy.where(bits >> 31, -(bits.astype('<i8') & 0x7fffffff) - 1, bits.astype('<i8'))
    found = {
        'shape': list(array.shape), 'weights': len(x), 'nan': int(numpy.isnan(x).sum()),
        'pinf': int((x == numpy.inf).sum()), 'ninf': int((x == -numpy.inf).sum()), 'pzero': int((bits == 0).sum()),
        'nzero': int((bits == 1 << 31).sum()), 'subnormal': int(((bits >> 23 & 255 == 0) & (x != 0)).sum()),
        'octaves': numpy.bincount(bits >> 23 & 255, minlength=256).tolist()}
    if n == 0:
        return {**found, **dict.fromkeys(('mean', 'std', 'rms', 'min', 'max', 'absmax', 'crest', 'min_at', 'max_at'))}
    least = int(numpy.where(numpy.isfinite(x), order, 1 << 40).argmin())
    most = int(numpy.where(numpy.isfinite(x), order, -1 << 40).argmax())
    std = math.sqrt(rounded(n * p - s * s, -298) / n / n)
    absmax = float(max(abs(x[least]), abs(x[most])))
    return {**found, 'mean': rounded(s, -149) / n, 'std': std, 'rms': math.sqrt(rounded(p, -298) / n),
            'min': float(x[least]), 'max': float(x[most]), 'absmax': absmax, 'crest': absmax / std if std else None,
            'min_at': [int(i) for i in numpy.unravel_index(least, array.shape)],
            'max_at': [int(i) for i in numpy.unravel_index(most, array.shape)]}

for path, words in (('m.gguf', ()), ('m.gguf', ('blk.0.q4_k[1:, ::-3]', 'cube.f32[..., 2]', 'blk.0.iq2_xs[0]')), ('n.gguf', ()), ('n.gguf', ('n[1:,2]',))):
    rows = json.loads(run('stats', '--json', path, *words))['tensors']
    for row in rows:
        word = row['name'] + (row['slice'] or '')
        array = numpy.load(io.BytesIO(run('extract', '-q', '-d', 'f32', '-o', '-', path, '-t', word)))
        wanted = figures(array.astype('<f4'))
        assert wanted == {key: row[key] for key in wanted}, (word, row, wanted)
    print(path, len(rows))
END
gguf-dq stats --json m.gguf >expected
for words in '-j1' '-j3' '--max-memory 2MiB -j1' '--device gpu' '--device gpu:all -j5' '--cpu baseline --device cpu'; do
    # shellcheck disable=SC2086
    gguf-dq stats --json $words m.gguf | cmp - expected
done
