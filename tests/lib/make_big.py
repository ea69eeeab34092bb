#!/usr/bin/env python3
"""Make large models, for tests of speed and memory; they are not kept.

Usage: make_big.py FILE [--tensors N] [--vocab N]       many small things: F32 tensors of eight
                                                        weights, tokens with scores and types
       make_big.py FILE --tensor-bytes SIZE             a sparse file of one tensor `big.weight` of
                        [--type T] [--count N] [--flat] at least SIZE bytes, or N of them,
                                                        `big.0.weight` and so on; SIZE may end in
                                                        K, M, G or T

With --tensors, weight n of tensor t is t + n / 8. With --tensor-bytes, a tensor has rows of 4096
weights, or with --flat a single row. It is zero except for marked rows (`marked`), whose bytes
identify the row (`row_bytes`).
"""
import argparse
import struct

import gguf_writer

ROW = 4096
LAYER = ['attn_norm', 'attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_norm', 'ffn_gate', 'ffn_up',
         'ffn_down']


def size(text):
    """Bytes, from a number that may have a binary suffix."""
    shift = dict(K=10, M=20, G=30, T=40).get(text[-1:].upper(), 0)
    return int(text[:-1] if shift else text) << shift


def tensor_name(n):
    return f'blk.{n // len(LAYER)}.{LAYER[n % len(LAYER)]}.weight'


def vocabulary(count):
    return [
        ('tokenizer.ggml.model', 'str', 'llama'),
        ('tokenizer.ggml.tokens', '[str]', [f'▁token{i}' for i in range(count)]),
        ('tokenizer.ggml.scores', '[f32]', [-float(i) for i in range(count)]),
        ('tokenizer.ggml.token_type', '[i32]', [1] * count),
    ]


def write_many(path, metadata, count):
    tensors = [(tensor_name(n), 'f32', [8], struct.pack('<8f', *(n + i / 8 for i in range(8))))
               for n in range(count)]
    with open(path, 'wb') as f:
        f.write(gguf_writer.model(metadata, tensors))


def rows_of(type_name, at_least):
    return max(1, -(-at_least // gguf_writer.tensor_bytes(type_name, [ROW])))


def marked(rows):
    """The rows that are not zero: the first, the last, and those on both sides of weight 2^32."""
    middle = 2**32 // ROW
    return sorted(r for r in {0, middle - 1, middle, rows - 1} if r < rows)


def row_bytes(type_name, row):
    """Bytes from 0x30 to 0x3f, which are a normal scale in every type, starting with another one in
    each of sixteen rows."""
    length = gguf_writer.tensor_bytes(type_name, [ROW])
    return bytes(0x30 + (i + row) % 16 for i in range(16)) * (length // 16)


def write_sparse(path, metadata, at_least, type_name, count, flat):
    row_len = gguf_writer.tensor_bytes(type_name, [ROW])
    rows = rows_of(type_name, at_least)
    dims = [ROW * rows] if flat else [ROW, rows]
    names = ['big.weight'] if count == 1 else [f'big.{i}.weight' for i in range(count)]
    head = gguf_writer.head(metadata, [(name, type_name, dims) for name in names])
    at = len(head)
    with open(path, 'wb') as f:
        f.write(head)
        for _ in names:
            for row in marked(rows):
                f.seek(at + row * row_len)
                f.write(row_bytes(type_name, row))
            at += rows * row_len
            at += len(gguf_writer.pad(at))
        f.truncate(at)


def main():
    parser = argparse.ArgumentParser(description='Make a large model for tests.')
    parser.add_argument('file', metavar='FILE')
    parser.add_argument('--tensors', type=int, default=0, metavar='N')
    parser.add_argument('--vocab', type=int, default=0, metavar='N')
    parser.add_argument('--tensor-bytes', type=size, metavar='SIZE')
    parser.add_argument('--type', default='q4_k', choices=sorted(gguf_writer.TYPES))
    parser.add_argument('--count', type=int, default=1, metavar='N')
    parser.add_argument('--flat', action='store_true')
    args = parser.parse_args()
    metadata = [('general.architecture', 'str', 'llama')]
    if args.vocab > 0:
        metadata += vocabulary(args.vocab)
    if args.tensor_bytes is None:
        write_many(args.file, metadata, args.tensors)
    elif args.tensors:
        parser.error('--tensors and --tensor-bytes exclude each other')
    else:
        write_sparse(args.file, metadata, args.tensor_bytes, args.type, args.count, args.flat)


if __name__ == '__main__':
    main()
