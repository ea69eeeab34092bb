"""Make a small model: make_model.py FILE [--scale X] NAME:TYPE:DIMS...

DIMS are a numpy shape such as 4x64, outermost dimension first. The weights of plain types are
0, 1, 2 ... times X; blocks hold random bytes that depend only on the name.
"""
import argparse
import math
import random
import struct

import gguf_writer

CODES = {'f32': 'f', 'f16': 'e', 'f64': 'd', 'i8': 'b', 'i16': 'h', 'i32': 'i', 'i64': 'q'}


def weights(name, type_name, dims, scale):
    if type_name not in CODES:
        return random.Random(name).randbytes(gguf_writer.tensor_bytes(type_name, dims))
    convert = int if type_name.startswith('i') else float
    values = [convert(i * scale) for i in range(math.prod(dims))]
    if type_name == 'i8':
        values = [v % 128 for v in values]
    return struct.pack(f'<{len(values)}{CODES[type_name]}', *values)


def tensor(text, scale):
    name, type_name, shape = text.rsplit(':', 2)
    dims = [int(n) for n in reversed(shape.split('x'))]
    return name, type_name, dims, weights(name, type_name, dims, scale)


def main():
    parser = argparse.ArgumentParser(description='Make a small model.')
    parser.add_argument('file')
    parser.add_argument('--scale', type=float, default=1)
    parser.add_argument('tensors', nargs='*')
    args = parser.parse_intermixed_args()
    metadata = [('general.architecture', 'str', 'test')]
    with open(args.file, 'wb') as f:
        f.write(gguf_writer.model(metadata, [tensor(t, args.scale) for t in args.tensors]))


if __name__ == '__main__':
    main()
