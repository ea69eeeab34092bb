#!/usr/bin/env python3
"""Make large models for tests of speed and memory; they are not kept.

Usage: make_big.py FILE [--tensors N] [--vocab N]       many small things: F32 tensors of eight
                                                        weights, tokens with scores and types
       make_big.py FILE --tensor-bytes SIZE [--type T]  one tensor `big.weight` of at least SIZE
                                                        bytes, zero but for its last row, in a
                                                        sparse file; SIZE may end in K, M, G or T

Every weight n of tensor t of --tensors is t + n / 8. The bytes of the last row of --tensor-bytes
count from 0x30 to 0x3f over and over, which makes a normal scale in every format.
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


def write_sparse(path, metadata, at_least, type_name):
    row_bytes = gguf_writer.tensor_bytes(type_name, [ROW])
    rows = max(1, -(-at_least // row_bytes))
    head = gguf_writer.head(metadata, [('big.weight', type_name, [ROW, rows])])
    end = len(head) + rows * row_bytes
    with open(path, 'wb') as f:
        f.write(head)
        f.seek(end - row_bytes)
        f.write(bytes(range(0x30, 0x40)) * (row_bytes // 16))
        f.truncate(end + len(gguf_writer.pad(end)))


def main():
    parser = argparse.ArgumentParser(description='Make a large model for tests.')
    parser.add_argument('file', metavar='FILE')
    parser.add_argument('--tensors', type=int, default=0, metavar='N')
    parser.add_argument('--vocab', type=int, default=0, metavar='N')
    parser.add_argument('--tensor-bytes', type=size, metavar='SIZE')
    parser.add_argument('--type', default='q4_k', choices=sorted(gguf_writer.TYPES))
    args = parser.parse_args()
    metadata = [('general.architecture', 'str', 'llama')]
    if args.vocab > 0:
        metadata += vocabulary(args.vocab)
    if args.tensor_bytes is None:
        write_many(args.file, metadata, args.tensors)
    elif args.tensors:
        parser.error('--tensors and --tensor-bytes exclude each other')
    else:
        write_sparse(args.file, metadata, args.tensor_bytes, args.type)


if __name__ == '__main__':
    main()
