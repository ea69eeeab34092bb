#!/bin/sh
# meson: gpu threads timeout=300
# Figures of matrices, rows and blocks are those of the weights that their slices select, and add up to those of the
# tensor, whatever the device, the threads and the memory.
"$PYTHON" - <<'END_PYTHON'
import io
import json
import subprocess

import gguf_writer
import numpy
from stats_figures import bin_figures, figures, fit_figures

rng = numpy.random.default_rng(2)

def f32(*dims):
    return rng.standard_normal(numpy.prod(dims)).astype('<f4').tobytes()

def blocks(kind, *dims):
    return rng.integers(0, 0x3c, gguf_writer.TYPES[kind][2] * (numpy.prod(dims) // gguf_writer.TYPES[kind][1]), 'u1').tobytes()

with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [
        ('experts', 'q4_0', [64, 3, 5], blocks('q4_0', 64, 3, 5)), ('four', 'f32', [3, 2, 2, 2], f32(3, 2, 2, 2)),
        ('flat', 'q8_0', [96], blocks('q8_0', 96)), ('long', 'f32', [263000, 2], f32(263000, 2)),
        ('many', 'q4_k', [256, 1500], blocks('q4_k', 256, 1500)), ('empty', 'f32', [0, 3], b''), ('none', 'f32', [4, 0], b'')]))

def run(*words):
    return subprocess.run(['gguf-dq', *words], check=True, stdout=subprocess.PIPE).stdout

def whole(name):
    return numpy.load(io.BytesIO(run('extract', '-q', '-d', 'f32', '-o', '-', 'm.gguf', '-t', name)))

shapes = {t['name']: t['shape'] for t in json.loads(run('list', '--json', 'm.gguf'))['tensors']}

def check(unit, *words):
    rows = json.loads(run('stats', '--json', '--fit', '--percentiles=50', '--by', unit, 'm.gguf', *words))['tensors']
    seen = {name: numpy.zeros(shape, int) for name, shape in shapes.items()}
    for row in rows:
        name, text = row['name'], row['slice']
        array = arrays[name]
        indices = numpy.arange(array.size).reshape(array.shape)
        key = eval('numpy.s_' + text) if text else ...
        seen[name][key] += 1
        part = numpy.array(array[key])
        assert row['shape'] == list(part.shape), row
        usual = figures(part)
        wanted = {**usual, **fit_figures(part), **bin_figures(part, usual['std'], ['50'], False)}
        for at in ('min_at', 'max_at'):
            if wanted[at] is not None:
                wanted[at] = [int(i) for i in numpy.unravel_index(indices[key][tuple(wanted[at])], array.shape)]
        assert wanted == {k: row[k] for k in wanted}, (name, text, {k: (row[k], wanted[k]) for k in wanted if row[k] != wanted[k]})
    return rows, seen

arrays = {name: whole(name) for name in shapes}
for unit in ('matrix', 'row', 'block'):
    names = 'experts', 'four', 'flat', 'long', 'empty', 'none'
    rows, seen = check(unit, *names)
    assert all((seen[name] == 1).all() for name in names)
    print(unit, [sum(row['name'] == name for row in rows) for name in names], rows[4]['slice'])

# slices, whose parts are those of what is left
for unit, words in (('matrix', ['experts[::-2]', 'four[1, :, ::2, 1]', 'experts[..., 1:60:7]']),
                    ('row', ['experts[1:4:2, ::-1, 3]', 'many[:, 255:3:-4]', 'long[1]', 'experts[..., ::-1]']),
                    ('block', ['experts[2, :, 32:]', 'experts[0, 1]'])):
    for word in words:
        rows, seen = check(unit, word)
        name, text = word.split('[')
        selected = numpy.zeros(shapes[name], int)
        selected[eval('numpy.s_[' + text)] = 1
        assert (seen[name] == selected).all(), word
        print(unit, word, [row['slice'] for row in rows][:2])

# the law of sums: integers of the rows are those of the tensor
for unit in ('row', 'block'):
    tensor = json.loads(run('stats', '--json', '--fit', 'm.gguf', 'many'))['tensors'][0]
    rows = json.loads(run('stats', '--json', '--fit', '--by', unit, 'm.gguf', 'many'))['tensors']
    assert len(rows) == 1500
    for key, value in tensor.items():
        if key in ('weights', 'nan', 'pinf', 'ninf', 'pzero', 'nzero', 'subnormal') or key.startswith(('f16', 'bf16')):
            assert sum(row[key] for row in rows) == value, key
    assert [sum(counts) for counts in zip(*(row['octaves'] for row in rows))] == tensor['octaves']
    assert min(row['min'] for row in rows) == tensor['min'] and max(row['max'] for row in rows) == tensor['max']

# sorted: by any number or name, with the order of the file where they are equal; and only the first of them
rows = json.loads(run('stats', '--json', '--by', 'row', 'm.gguf'))['tensors']
for key, reverse in (('std', True), ('-crest', False), ('name', False), ('-type', True), ('pzero', True), ('-max', False)):
    plain = key.lstrip('-')
    wanted = sorted((row for row in rows if row[plain] is not None), key=lambda row: row[plain], reverse=reverse)
    wanted += [row for row in rows if row[plain] is None]
    for top in (1, 7, 100000):
        found = json.loads(run('stats', '--json', '--by', 'row', '--sort', key, '--top', str(top), 'm.gguf'))['tensors']
        assert found == wanted[:top], (key, top)
END_PYTHON
for unit in matrix row block; do
    gguf-dq stats --json --by $unit m.gguf >expected
    for words in '-j1' '-j3' '--max-memory 4MiB -j1' '--device gpu' '--device gpu:all -j5' '--cpu baseline --device cpu'; do
        # shellcheck disable=SC2086
        gguf-dq stats --json --by $unit $words m.gguf | cmp - expected
    done
done
