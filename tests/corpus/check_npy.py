#!/usr/bin/env python3
"""Compare .npy files of gguf-dq with those of numpy.save, byte for byte.

Usage: check_npy.py GGUF-DQ

Every type is tried with every kind of shape. Empty tensors with long dimensions, which need no data,
cover all lengths of headers.
"""
import io
import itertools
import math
import os
import subprocess
import sys
import tempfile

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, 'lib'))
import gguf_writer  # noqa: E402

PLAIN = {'f32': '<f4', 'f16': '<f2', 'f64': '<f8', 'i8': '|i1', 'i16': '<i2', 'i32': '<i4',
         'i64': '<i8'}
STAYS = {'f32', 'f64', 'i8', 'i16', 'i32', 'i64'}  # unless --dtype says otherwise
SHAPES = [(), (0,), (1,), (2,), (7,), (99,), (100,), (70001,), (1, 1), (3, 5), (5, 1), (1, 5),
          (0, 3), (3, 0), (2, 3, 4), (2, 0, 4), (100, 1, 3), (2, 3, 4, 5), (1, 1, 1, 1),
          (0, 0, 0, 0)]
BLOCK_SHAPES = [(1,), (3,), (2, 1), (3, 2), (0, 2), (2, 2, 3), (2, 1, 2, 2)]  # in blocks


def empty_shapes():
    """Shapes with one 0 and, elsewhere, numbers of any count of digits that numpy allows."""
    for digits in range(1, 19):
        yield from [(10 ** (digits - 1), 0), (0, 10 ** (digits - 1))]
    for digits in itertools.product((1, 5, 6, 7, 12), repeat=2):
        first, second = (10 ** (n - 1) for n in digits)
        if first * second > 10 ** 17:
            continue
        yield from [(first, second, 0), (0, first, second), (first, 0, second)]
    for digits in itertools.product((1, 2, 3, 4, 5), repeat=3):
        yield (*(10 ** (n - 1) for n in digits), 0)


def affordable(shape):
    """Whether numpy can make an empty array of the shape: old ones allocate as if no number was 0."""
    old = tuple(map(int, numpy.__version__.split('.')[:2])) < (1, 24)
    return not old or math.prod(n for n in shape if n) <= 1 << 20


def count_up(type_name, shape):
    numbers = numpy.arange(math.prod(shape)).reshape(shape)
    return (numbers % 100 - 50).astype(PLAIN[type_name])


def stored_blocks(type_name, shape):
    """Rows of `shape` blocks of random bytes, but with no NaN in them."""
    _, weights, size = gguf_writer.TYPES[type_name]
    rows = numpy.resize(numpy.arange(0x30, 0x40, dtype='|u1'), (*shape[:-1], shape[-1] * size))
    return rows, (*shape[:-1], shape[-1] * weights)


def make_tensors():
    """The tensors of the model, and the expected arrays by name."""
    tensors = []
    arrays = {}

    def add(type_name, shape, array):
        name = f't{len(tensors):05d}.{type_name}'
        tensors.append((name, type_name, list(reversed(shape)), array.tobytes()))
        arrays[name] = array

    for type_name in PLAIN:
        for shape in SHAPES:
            add(type_name, shape, count_up(type_name, shape))
    for shape in filter(affordable, empty_shapes()):
        add('i16', shape, numpy.empty(shape, PLAIN['i16']))
        add('f32', shape, numpy.empty(shape, PLAIN['f32']))
    for type_name in gguf_writer.TYPES:
        if type_name not in PLAIN and type_name != 'bf16':
            for shape in BLOCK_SHAPES:
                array, weight_shape = stored_blocks(type_name, shape)
                add(type_name, weight_shape, array)
    return tensors, arrays


def saved(array):
    file = io.BytesIO()
    numpy.save(file, array)
    return file.getvalue()


def type_of(name):
    return name.partition('.')[2]


class Checker:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.model = os.path.join(folder, 'm.gguf')
        self.count = 0
        self.failures = []

    def extract(self, out, *options):
        subprocess.run([self.program, 'extract', '-q', '-o', os.path.join(self.folder, out, ''),
                        *options, self.model], check=True)

    def read(self, out, name, ending):
        with open(os.path.join(self.folder, out, name + ending), 'rb') as f:
            return f.read()

    def compare(self, what, name, array):
        self.count += 1
        got = self.read(what, name, '.npy')
        due = saved(array)
        if got != due:
            self.failures.append(f'{what} {name} {array.shape}: {got[:200]!r} is not {due[:200]!r}')

    def check_stored(self, arrays):
        self.extract('native', '-d', 'native')
        for name, array in arrays.items():
            self.compare('native', name, array)

    def check_default(self, arrays):
        """Checks plain types; what blocks decode to is tested elsewhere."""
        self.extract('default')
        self.extract('raw', '-f', 'raw', '-t', '*')
        for name, array in arrays.items():
            if type_of(name) in STAYS:
                self.compare('default', name, array)
            elif type_of(name) in PLAIN:
                self.compare('default', name, array.astype('<f4'))
            else:
                self.compare('default', name, self.decoded('raw', name, array, '<f4'))

    def check_f16(self, arrays):
        self.extract('f16', '-d', 'f16')
        self.extract('f16-raw', '-d', 'f16', '-f', 'raw')
        for name, array in arrays.items():
            if type_of(name) in PLAIN:
                self.compare('f16', name, array.astype('<f2'))
            else:
                self.compare('f16', name, self.decoded('f16-raw', name, array, '<f2'))

    def decoded(self, out, name, array, descr):
        _, weights, size = gguf_writer.TYPES[type_of(name)]
        shape = (*array.shape[:-1], array.shape[-1] // size * weights)
        return numpy.frombuffer(self.read(out, name, '.raw'), descr).reshape(shape)

    def check_pipe(self, arrays):
        """All arrays in one pipe equal what repeated numpy.save calls write to one file."""
        run = subprocess.run([self.program, 'extract', '-d', 'native', '-o', '-', self.model],
                             stdout=subprocess.PIPE, check=True)
        self.count += 1
        if run.stdout != b''.join(map(saved, arrays.values())):
            self.failures.append('native, to a pipe: not what numpy.save writes')


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        checker = Checker(sys.argv[1], folder)
        tensors, arrays = make_tensors()
        with open(checker.model, 'wb') as f:
            f.write(gguf_writer.model([], tensors))
        checker.check_stored(arrays)
        checker.check_default(arrays)
        checker.check_f16(arrays)
        checker.check_pipe(arrays)
    for failure in checker.failures:
        print(failure)
    print(f'{checker.count} files, {len(checker.failures)} failures')
    sys.exit(bool(checker.failures) or checker.count == 0)


if __name__ == '__main__':
    main()
