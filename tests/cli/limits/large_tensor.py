"""Compare big.weight of make_big.py --type q8_0 with a decoder of its own, around weight 2^32.

large_tensor.py slices MODEL SIZE [--flat]    slices of the model's tensor, as f32 and native
large_tensor.py stream SIZE                   the whole tensor, raw f16 on standard input
"""
import subprocess
import sys

import numpy

import make_big

ROW = make_big.ROW
MIDDLE = 2**32
SIDE = MIDDLE // ROW  # the row that begins at weight 2^32

FLAT = [f'{MIDDLE - 5}:{MIDDLE + 5}', f'{MIDDLE - 1}', f'{MIDDLE}', f'::{MIDDLE - 1}', ':3', '-3:',
        f'{MIDDLE + 9}:{MIDDLE - 9}:-4', f'{MIDDLE - ROW}:{MIDDLE + ROW}:7', f'{MIDDLE}::1048576',
        f'{MIDDLE - 1}::-1048575']
ROWS = [f'{SIDE - 2}:{SIDE + 2}', f'{SIDE - 1}', f'{SIDE}', '0', '-1', '::262143', '-1:0:-1048576',
        f'{SIDE - 1}:{SIDE + 1}, 4090:', f'{SIDE}, :5', f'{SIDE + 1}:{SIDE - 3}:-1, ::-1000',
        f'{SIDE - 9}:{SIDE + 9}, 4095']


def decoded(row):
    """The weights of a marked row: each block is a scale of 16 bits and 32 signed bytes."""
    blocks = numpy.frombuffer(make_big.row_bytes('q8_0', row), 'u1').reshape(-1, 34)
    scales = blocks[:, :2].copy().view('<f2').astype('<f4')
    return (scales * blocks[:, 2:].view('i1').astype('<f4')).ravel()


def weights_at(numbers, rows):
    """The weights at these indices in the flattened tensor."""
    out = numpy.zeros(len(numbers), '<f4')
    for row in make_big.marked(rows):
        here = numbers // ROW == row
        out[here] = decoded(row)[numbers[here] % ROW]
    return out


def numbers_of(text, shape):
    """The indices that a slice selects from an array of this shape, which is too large to allocate."""
    index = eval(f'numpy.s_[{text}]')
    index = index if isinstance(index, tuple) else (index,)
    numbers = numpy.zeros(1, 'i8')
    for axis, n in enumerate(shape):
        taken = range(n)[index[axis] if axis < len(index) else slice(None)]
        numbers = (numbers[:, None] * n + numpy.atleast_1d(numpy.array(taken, 'i8'))).ravel()
    return numbers


def extract(model, *options):
    command = ['gguf-dq', 'extract', '-q', '-f', 'raw', '-o', '-', *options, model]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def check_slices(model, rows, flat):
    n_known = 0
    for text in FLAT if flat else ROWS:
        got = numpy.frombuffer(extract(model, '-t', f'big.weight[{text}]'), '<f4')
        wanted = weights_at(numbers_of(text, [rows * ROW] if flat else [rows, ROW]), rows)
        n_known += numpy.count_nonzero(wanted)
        if not numpy.array_equal(got, wanted):
            print(f'{model}: [{text}] differs')
    print(f'{n_known} weights that are not zero')
    text = f'{MIDDLE - ROW}:{MIDDLE + ROW}' if flat else f'{SIDE - 1}:{SIDE + 1}'
    stored = make_big.row_bytes('q8_0', SIDE - 1) + make_big.row_bytes('q8_0', SIDE)
    if extract(model, '-d', 'native', '-t', f'big.weight[{text}]') != stored:
        print(f'{model}: [{text}] as stored differs')


def check_stream(f, rows):
    first = 0
    n_known = 0
    while data := f.read(16 << 20):
        got = numpy.frombuffer(data, '<f2')
        there = numpy.flatnonzero(got.view('<u2'))
        wanted = weights_at(first + there, rows).astype('<f2')
        if not numpy.array_equal(got[there], wanted):
            print(f'the weights from {first} on differ')
        n_known += len(there)
        first += len(got)
    print(f'{first} weights, {n_known} of them not zero')
    if first != rows * ROW or n_known != ROW * len(make_big.marked(rows)):
        print(f'{rows * ROW} weights and {len(make_big.marked(rows))} rows should be there')


if sys.argv[1] == 'slices':
    check_slices(sys.argv[2], make_big.rows_of('q8_0', make_big.size(sys.argv[3])),
                 '--flat' in sys.argv)
else:
    check_stream(sys.stdin.buffer, make_big.rows_of('q8_0', make_big.size(sys.argv[2])))
