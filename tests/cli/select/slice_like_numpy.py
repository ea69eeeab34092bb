"""Compare slices extracted by gguf-dq with numpy slices of the whole arrays.

Each round extracts many slices in one run. The seed is fixed; failures are printed as the option to
pass to gguf-dq.
"""
import io
import os
import random
import subprocess
import sys

import numpy

SEED = 20260821
ROUNDS, SLICES = 20, 30
# name, type, shape; rows of one block and of many, of one weight and of three
TENSORS = [
    ('line', 'f32', '37'), ('bits', 'q8_0', '320'), ('wide', 'q4_k', '3x1024'),
    ('tall', 'q4_0', '50x32'), ('cube', 'q6_k', '4x3x512'), ('small', 'i16', '5x4x3'),
    ('four', 'iq4_nl', '3x2x4x64'), ('ones', 'f16', '1x7x1'), ('ternary', 'tq2_0', '6x256'),
    ('double', 'f64', '9x5'), ('none', 'f32', '3x0x2'),
]
TRICKY = ['[:]', '[...]', '[...,]', '[0]', '[-1]', '[::-1]', '[:0]', '[5:2]', '[2:5:-1]',
          '[-1:0:-1]', '[:-1000]', '[-1000:1000]', '[1000:]', '[::1000]', '[::-1000]', '[0,]',
          '[ 1 : 3 ]', '[0:1]', '[::9223372036854775807]',
          '[::-9223372036854775807]', '[9223372036854775807:]',
          '[..., 0]', '[..., ::-1]', '[0, ...]', '[:, ..., :]', '[::2, ::-3]', '[1:, :2, 0]',
          '[..., 3:300:7]', '[..., 300::-33]', '[..., 31:33]', '[..., ::32]', '[..., ::33]',
          '[..., -1:-34:-1]', '[0:8:9223372036854775807]', '[7:0:-9223372036854775807]',
          '[..., 0:8:9223372036854775807]', '[..., 3::-9223372036854775807]',
          '[0:8:2305843009213693952]', '[..., 0:8:2305843009213693952]',
          '[0:8:4611686018427387904, ..., 0:8:9223372036854775807]',
          '[..., 255:256]', '[..., 256:]', '[-1, ..., -1]', '[0, 0, ..., 5:6]']


def number(rng, dim):
    return rng.choice([rng.randrange(-dim - 2, dim + 3), rng.randrange(0, max(dim, 1)), 0, -1])


def item(rng, dim):
    if dim > 0 and rng.random() < 0.25:
        return str(rng.randrange(-dim, dim))
    start, stop = (str(number(rng, dim)) if rng.random() < 0.6 else '' for _ in range(2))
    if rng.random() < 0.4:
        return f'{start}:{stop}'
    step = rng.choice(['', 1, 2, 3, 7, 31, 32, 33, 64, 300, -1, -2, -5, -32, -33, -257])
    return f'{start}:{stop}:{step}'


def random_slice(rng, shape):
    items = [item(rng, dim) for dim in shape]
    kept = rng.randrange(0, len(items) + 1)
    if kept == 0:
        items = ['...']
    elif rng.random() < 0.5:
        items = items[:kept]
    else:
        front = rng.randrange(0, kept + 1)
        items = items[:front] + ['...'] + items[len(items) - (kept - front):]
    return '[' + rng.choice([',', ', ', ' ,']).join(items) + rng.choice(['', '', ' ', ',']) + ']'


def load_all(data):
    file = io.BytesIO(data)
    while file.tell() < len(data):
        yield numpy.load(file)


def extract(words, *options):
    run = subprocess.run(['gguf-dq', 'extract', '-o', '-', *options, 'm.gguf',
                          *(f'--tensor={word}' for word in words)],
                         stdout=subprocess.PIPE, check=True)
    return list(load_all(run.stdout))


def equal(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def pick(array, text):
    """What numpy returns for the slice, or None if it raises."""
    try:
        return eval(f'array{text}', {'array': array})
    except IndexError:
        return None


def compare(arrays, words):
    """Extracts all slices, pairs of name and slice, in one run. They come in file order, each once."""
    order = list(arrays)
    words = {(name, text.replace(' ', '')): (name, text) for name, text in words}.values()
    words = sorted(words, key=lambda pair: order.index(pair[0]))
    got = extract([name + text for name, text in words])
    wrong = [name + text for (name, text), array in zip(words, got)
             if not equal(numpy.ascontiguousarray(pick(arrays[name], text)).reshape(
                 pick(arrays[name], text).shape), array)]
    if len(got) != len(words):
        wrong.append(f'{len(got)} arrays for {len(words)} slices')
    return wrong


def check_tricky(arrays):
    wrong = []
    words = []
    refused = 0
    for name, array in arrays.items():
        for text in TRICKY:
            if pick(array, text) is not None:
                words.append((name, text))
                continue
            refused += 1
            run = subprocess.run(['gguf-dq', 'extract', '-o', '-', 'm.gguf', name + text],
                                 capture_output=True)
            if run.returncode != 2 or run.stdout or run.stderr.count(b'\n') != 1:
                wrong.append(f'{name}{text}: {run.returncode} {run.stderr!r}')
    return wrong + compare(arrays, words), len(words), refused


def main():
    maker = os.path.join(os.environ['TESTS'], 'lib', 'make_model.py')
    subprocess.run([sys.executable, maker, 'm.gguf', *map(':'.join, TENSORS)], check=True)
    arrays = dict(zip((name for name, _, _ in TENSORS), extract([])))
    wrong, taken, refused = check_tricky(arrays)
    rng = random.Random(SEED)
    for _ in range(ROUNDS):
        words = []
        for _ in range(SLICES):
            name = rng.choice(list(arrays))
            words.append((name, random_slice(rng, arrays[name].shape)))
        wrong += compare(arrays, words)
        taken += len(words)
    for word in wrong:
        print(f'-t {word!r}')
    print(f'{taken} slices taken, {refused} refused, {len(wrong)} wrong (seed {SEED})')


if __name__ == '__main__':
    main()
