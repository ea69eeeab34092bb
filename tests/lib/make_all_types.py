#!/usr/bin/env python3
"""Make a model of all types, with one tensor of random bytes for each.

Usage: make_all_types.py FILE [--mib N] [--seed S] [--type T]...

Tensor `T.weight` is of type T and has rows of 4096 weights, as many as fit into N MiB (default 1), but
at least one. Any bytes are valid blocks; they depend only on T and the seed.
"""
import argparse
import random

import gguf_writer

ROW = 4096
PIECE = 1 << 24  # bytes generated at once


def pieces(type_name, seed, length):
    """Random bytes, the same for any PIECE that is a multiple of four."""
    rng = random.Random(f'{type_name} {seed}')
    while length > 0:
        yield rng.randbytes(min(PIECE, length))
        length -= PIECE


def main():
    parser = argparse.ArgumentParser(description='Make a model of all types.')
    parser.add_argument('file', metavar='FILE')
    parser.add_argument('--mib', type=int, default=1, metavar='N')
    parser.add_argument('--seed', type=int, default=1, metavar='S')
    parser.add_argument('--type', action='append', choices=sorted(gguf_writer.TYPES), metavar='T')
    args = parser.parse_args()
    tensors = []
    for type_name in args.type or gguf_writer.TYPES:
        row_bytes = gguf_writer.tensor_bytes(type_name, [ROW])
        rows = max(1, (args.mib << 20) // row_bytes)
        tensors.append((f'{type_name}.weight', type_name, [ROW, rows]))
    with open(args.file, 'wb') as f:
        f.write(gguf_writer.head([('general.architecture', 'str', 'test')], tensors))
        for _, type_name, dims in tensors:
            length = gguf_writer.tensor_bytes(type_name, dims)
            for piece in pieces(type_name, args.seed, length):
                f.write(piece)
            f.write(gguf_writer.pad(length))


if __name__ == '__main__':
    main()
