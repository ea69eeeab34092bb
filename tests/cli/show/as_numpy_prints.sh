#!/bin/sh
# meson: timeout=300
# Arrays of all kinds of numbers and shapes are printed as numpy prints them with floatmode='unique', and
# the digits are the shortest that read back.
cat >try.py <<'END'
import random
import struct
import subprocess

import numpy

import gguf_writer

rng = random.Random(15)
floats = [0.0, -0.0, 1.0, -1.0, 0.1, 1e-4, 9.9e-5, 1e8, 123456.7, 99999999.0, 1e-45, 3e-39, 3.4e38, 16777216.0,
          0.3, 1 / 3, 1000.0, 1000.1, 5e-324, 1e308]

def some_floats(n):
    kind = rng.randrange(6)
    if kind == 0:  # any bits, NaN and infinities among them
        return numpy.frombuffer(rng.randbytes(8 * n), '<f8')
    if kind == 1:
        return numpy.array([rng.choice(floats) for _ in range(n)])
    if kind == 2:
        return numpy.array([rng.choice([float('nan'), float('inf'), -float('inf'), 1.5]) for _ in range(n)])
    if kind == 3:
        return numpy.array([rng.randrange(-500, 500) / 4 for _ in range(n)])
    scale = 10 ** rng.uniform(-6, 9) if kind == 4 else 1
    return numpy.array([rng.gauss(0, scale) for _ in range(n)])

def array(dtype):
    shape = [rng.choice([1, 2, 3, 5, 8, 13, 40, 7]) for _ in range(rng.randrange(1, 5))]
    n = int(numpy.prod(shape))
    with numpy.errstate(all='ignore'):
        if dtype.startswith('<i'):
            bits = 8 * int(dtype[2])
            most = 2 ** rng.randrange(1, bits)
            return numpy.array([rng.randrange(-most, most) for _ in range(n)], dtype).reshape(shape)
        if dtype == '<f4' and rng.randrange(3) == 0:
            return numpy.frombuffer(rng.randbytes(4 * n), '<f4').reshape(shape)
        return some_floats(n).astype(dtype).reshape(shape)

types = {'f32': '<f4', 'f64': '<f8', 'i8': '<i1', 'i16': '<i2', 'i32': '<i4', 'i64': '<i8'}
arrays = []
for i in range(60):
    name = rng.choice(['f32', 'f32', 'f32', 'f64', *types])
    arrays.append((f't{i}', name, array(types[name])))
powers = numpy.arange(1, 255, dtype='<u4') << 23  # where the gaps on both sides differ
arrays.append(('powers', 'f32', powers.view('<f4')))
arrays.append(('tiny', 'f32', numpy.arange(1, 400, dtype='<u4').view('<f4')))
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [(n, t, list(reversed(a.shape)), a.tobytes()) for n, t, a in arrays]))

def run(*words):
    return subprocess.run(['gguf-dq', 'show', 'm.gguf', *words], check=True, stdout=subprocess.PIPE,
                          text=True).stdout

def expect(a, found, **options):
    wanted = numpy.array2string(a, floatmode='unique', **options)
    assert found.split('\n', 1)[1] == wanted + '\n', f'{found}\nbut numpy prints\n{wanted}'

def as_bits(a):
    return a.view(f'<u{a.itemsize}')

n_cut = 0
for name, type_, a in arrays:
    n_cut += a.size > 1000
    expect(a, run(name), threshold=1000)
    expect(a, run(name, '--full'), threshold=10 ** 9)
    edge = rng.randrange(1, 6)
    expect(a, run(name, '--edge', str(edge)), threshold=1000, edgeitems=edge)
    if a.ndim > 1:
        for index in "[::-1]", "[..., -1]", "[0]", "[..., ::2]", "[-1:]", "[:0]":
            expect(eval('a' + index), run(name + index), threshold=1000)
    rows = a.reshape(-1, a.shape[-1])
    lines = run('-f', 'csv', name).splitlines()
    assert [line.count(',') + 1 for line in lines] == [rows.shape[1]] * rows.shape[0]
    for separator, text in ((',', lines), ('\t', run('-f', 'tsv', name).splitlines())):
        with numpy.errstate(all='ignore'):
            again = numpy.array([[numpy.array(word).astype(a.dtype) for word in line.split(separator)] for line in text])
        assert numpy.array_equal(again, rows, equal_nan=type_[0] == 'f')
        if type_ == 'f32':  # no shorter than numpy's
            for word, x in zip(separator.join(text).split(separator), rows.flat):
                if numpy.isfinite(x):
                    digits = word.split('e')[0].lstrip('-').replace('.', '').strip('0')
                    best = numpy.format_float_scientific(x).split('e')[0].lstrip('-').replace('.', '').strip('0')
                    assert len(digits) <= len(best), (word, x)
    words = ' '.join(run('-f', 'hex', name).splitlines()).split(' ')
    assert [int(word, 16) for word in words] == list(map(int, as_bits(rows.copy()).flat)), name
print(len(arrays), 'arrays', n_cut > 3)
END
"$PYTHON" try.py
