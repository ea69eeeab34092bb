#!/bin/sh
# meson: gpu threads timeout=300
# Every figure is what Python's integers and fractions make of the weights that extract writes: tensors of every type
# against f16, slices, NaN and infinities, and the worst places are where the weights are stored. The report is the
# same on every device and level, and with any number of threads and memory.
cp "$DATA/gguf/good/all_types.gguf" m.gguf
gguf-dq extract -q -d f16 -o half.gguf m.gguf
"$PYTHON" - <<'END'
import fractions
import io
import json
import math
import subprocess

import gguf_writer
import numpy

nan, inf = numpy.nan, numpy.inf
numbers = (
    [nan, 1.5, -inf, -0.0, 0.0, 1e-40, 3e38, -3e38, 3e38, inf, 1.5, -7, nan, 4, 0, inf, 3e38, 0],
    [nan, 1.5, inf, 0.0, 5, 1e-45, 3e38, 3e38, -3e38, inf, -1.5, 0, 1, nan, inf, 2, -3e38, -0.0])
for path, values in zip(('a.gguf', 'b.gguf'), numbers):
    x = numpy.array(values, '<f4')
    with open(path, 'wb') as f:
        f.write(gguf_writer.model([], [('n', 'f32', [6, 3], x.tobytes()), ('none', 'f32', [2], x[[0, 2]].tobytes()),
                                       ('zero', 'f32', [3], x[[4, 4, 4]].tobytes()),
                                       ('empty', 'f32', [3, 0], b'')]))

def run(*words):
    return subprocess.run(['gguf-dq', *words], check=True, stdout=subprocess.PIPE).stdout

def weights(path, row):
    word = row['name'] + (row['slice'] or '')
    return numpy.load(io.BytesIO(run('extract', '-q', '-d', 'f32', '-o', '-', path, '-t', word))).astype('<f4')

def rounded(integer, exponent):
    return float(fractions.Fraction(integer) * fractions.Fraction(2) ** exponent)

def kind(x):
    return 'nan' if numpy.isnan(x) else 'number' if numpy.isfinite(x) else 'inf' if x > 0 else '-inf'

def ratio(x, y):
    return x / y if y > 0 else None

def figures(array_a, array_b):
    a, b = array_a.ravel(), array_b.ravel()
    nonfinite = {}
    for x, y in zip(a, b):
        if not numpy.isfinite(x) or not numpy.isfinite(y):
            key = f'{kind(x)}/{kind(y)}'
            nonfinite[key] = nonfinite.get(key, 0) + 1
    finite = numpy.isfinite(a) & numpy.isfinite(b)
    pairs = [[int(fractions.Fraction(float(v)) * 2 ** 149) for v in side[finite]] for side in (a, b)]
    n = len(pairs[0])
    e, p, q, c = (sum(x * y for x, y in zip(*two)) for two in (
        [[x - y for x, y in zip(*pairs)]] * 2, [pairs[0]] * 2, [pairs[1]] * 2, pairs))
    e, p, q, c = (rounded(x, -298) for x in (e, p, q, c))
    with numpy.errstate(all='ignore'):
        distance = numpy.where(finite, numpy.abs(a - b), -1)
    ranked = numpy.sort(distance[finite])
    most = distance.max() if n else None
    nmse = ratio(e, p)
    found = {
        'shape': list(array_a.shape), 'weights': len(a), 'finite': n,
        'equal_bits': int((a.view('<u4') == b.view('<u4')).sum()), 'equal_values': int((a == b).sum()),
        'sign_flips': int((finite & (a != 0) & (b != 0) & (numpy.signbit(a) != numpy.signbit(b))).sum()),
        'to_zero': int((finite & (a != 0) & (b == 0)).sum()), 'from_zero': int((finite & (a == 0) & (b != 0)).sum()),
        'nonfinite': nonfinite, 'mse': ratio(e, n), 'rmse': math.sqrt(e / n) if n else None, 'nmse': nmse,
        'rel': None if nmse is None else math.sqrt(nmse),
        'snr': None if nmse is None else round(-10 * math.log10(nmse), 2) if nmse else 'inf',
        'cosine': ratio(c, math.sqrt(p * q)), 'gain': ratio(c, q),
        'bias': ratio(rounded(sum(pairs[1]) - sum(pairs[0]), -149), n),
        'max_abs': None if most is None else float(most) if numpy.isfinite(most) else 'inf'}
    place = int(distance.argmax()) if n and most > 0 else None
    for percent, key in ((0, 'p0'), (50, 'p50'), (fractions.Fraction('99.9'), 'p99.9'), (100, 'p100')):
        found[key] = number((ranked[[max(math.ceil(percent * n / 100), 1) - 1]].view('<u4') & 0xffff0000).view('<f4')[0]) if n else None
    return found, place

def number(x):
    return float(x) if numpy.isfinite(x) else 'inf'

# Where the rows of a slice are whole, the worst is the first with the largest nmse.
def check_worst(one, other, row, a, b):
    if row['worst_row'] is not None:
        sides = [weights(path, dict(row, slice=row['worst_row'])) for path in (one, other)]
        assert figures(*sides)[0]['nmse'] == row['worst_nmse'] > 0, row
    if row['slice'] is None:
        nmse = [figures(x, y)[0]['nmse'] or 0 for x, y in zip(*(side.reshape(-1, side.shape[-1]) for side in (a, b)))] \
            if a.size > a.shape[-1] else [0]
        assert max(nmse) == (row['worst_nmse'] or 0), (row, max(nmse))
        if row['worst_row']:
            index = eval(f'numpy.arange(len(nmse)).reshape(a.shape[:-1]){row["worst_row"]}')
            assert index == nmse.index(max(nmse)), row

for one, other, words in (
        ('half.gguf', 'm.gguf', ()),
        ('half.gguf', 'm.gguf', ('blk.0.q4_k[1:, ::-3]', 'cube.f32[..., 2]', 'blk.0.iq2_xs[0]', 'blk.0.q8_0[:, 33:95]')),
        ('m.gguf', 'half.gguf', ('blk.0.q4_k[1:, ::-3]', 'blk.0.iq2_xs[0]', 'blk.0.q8_0[:, 33:95]')),
        ('a.gguf', 'b.gguf', ()), ('a.gguf', 'b.gguf', ('n[1:,2]', 'n[::-1, ::-2]'))):
    rows = json.loads(run('compare', '--json', '--percentiles=0,50,99.9,100', one, other, *words))['tensors']
    for row in rows:
        a, b = weights(one, row), weights(other, row)
        wanted, place = figures(a, b)
        found = {key: row[key] for key in wanted}
        assert wanted == found, (row['name'], {key: (wanted[key], found[key]) for key in wanted if wanted[key] != found[key]})
        check_worst(one, other, row, a, b)
        if place is None:
            assert row['max_at'] is None, row
            continue
        at = row['max_at']
        assert at['indices'] == [int(i) for i in numpy.unravel_index(place, a.shape)], row
        for side, array in (('reference', a), ('model', b)):
            assert at[side]['value'] == float(array.ravel()[place]), row
    print(one, other, len(rows))

# Units are what their slices select, in order; their places are those in the tensor.
for unit, one, other, words in (
        ('matrix', 'half.gguf', 'm.gguf', ()), ('row', 'half.gguf', 'm.gguf', ('cube.f32', 'blk.0.q4_k', 'blk.0.i8')),
        ('block', 'half.gguf', 'm.gguf', ('blk.0.q8_0', 'blk.0.q4_k', 'blk.0.i8')), ('row', 'a.gguf', 'b.gguf', ()),
        ('row', 'half.gguf', 'm.gguf', ('cube.f32[1:,::-2,1:]', 'blk.0.q8_0[1,33:95]'))):
    report = json.loads(run('compare', '--json', '--percentiles=0,50,99.9,100', '--by', unit, one, other, *words))
    rows = report['tensors']
    for row in rows:
        a, b = weights(one, row), weights(other, row)
        wanted, place = figures(a, b)
        found = {key: row[key] for key in wanted}
        assert dict(wanted, shape=None) == dict(found, shape=None), (row['name'], row['slice'],
            {key: (wanted[key], found[key]) for key in wanted if wanted[key] != found[key]})
        assert math.prod(row['shape']) == a.size, row
        check_worst(one, other, row, a, b)
        if place is not None and not words:
            whole = weights(other, dict(row, slice=None))
            assert whole[tuple(row['max_at']['indices'])] == b.ravel()[place], row
    tensors = json.loads(run('compare', '--json', one, other, *words))['tensors']
    assert sum(row['weights'] for row in rows) == sum(row['weights'] for row in tensors) == report['total']['weights']
    first = run('compare', '--json', '--by', unit, '--sort', 'nmse', '--top', '3', '--columns', 'name,slice,nmse', one, other, *words)
    ranked = sorted(rows, key=lambda row: -(-1 if row['nmse'] is None else row['nmse']))[:3]
    assert json.loads(first)['tensors'] == [{key: row[key] for key in ('name', 'slice', 'nmse')} for row in ranked]
    print(unit, one, other, len(rows))

# The places in the files, of tensors whose weights are stored one by one.
for row in json.loads(run('compare', '--json', 'a.gguf', 'b.gguf'))['tensors']:
    if row['max_at']:
        for side, name in (('reference', 'a.gguf'), ('model', 'b.gguf')):
            at = row['max_at'][side]
            stored = numpy.fromfile(name, '<f4', 1, offset=at['offset'])
            assert at['file'] == name and float(stored[0]) == at['value'], row
END
gguf-dq compare --percentiles --json half.gguf m.gguf >expected
gguf-dq compare --percentiles --json --by row half.gguf m.gguf >rows
for words in '-j1' '-j3' '--max-memory 3MiB -j1' '--device gpu' '--device gpu:all -j5' '--cpu baseline --device cpu'; do
    # shellcheck disable=SC2086
    gguf-dq compare --percentiles --json $words half.gguf m.gguf | cmp - expected
    # shellcheck disable=SC2086
    gguf-dq compare --percentiles --json --by row $words half.gguf m.gguf | cmp - rows
done
