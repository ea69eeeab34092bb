#!/usr/bin/env python3
"""Make the golden vectors of PrismML's types: data/golden/pq2_0.* and ptq1_0.*.

Usage: make_prism_vectors.py FOLDER
       make_prism_vectors.py --check FOLDER     compare, write nothing; exit 1 if a file differs

Everything is decoded weight by weight from the description of the types, with exact arithmetic:

  PQ2_0   128 weights in 34 bytes: f16 d | 32 bytes of 2-bit codes, in order, low bits first
          w = (code - 1) * d
  PTQ1_0  128 weights in 28 bytes: 24 bytes of five ternary digits | 2 bytes of four | f16 d
          w = (digit - 1) * d; a byte is the fraction digits / 3^5 of 256, rounded up. The first 16 bytes
          hold weights 0 to 79: their first digits, then their second ones, and so on. The next eight
          hold 80 to 119 in the same way, and the last two 120 to 127.

A product of a code and an f16 is exact in f32, so the only rounding is that of f16 output.
"""
import math
import os
import random
import struct
import sys

WEIGHTS = 128

# Zero, subnormal, smallest normal, ordinary, largest, infinite and NaN, of both signs.
SCALES = [sign | half for half in (0x0000, 0x0001, 0x03ff, 0x0400, 0x2e66, 0x3c00, 0x7bff, 0x7c00,
                                   0x7c01, 0x7e00, 0x7fff) for sign in (0, 0x8000)]


def f16(half):
    return struct.unpack('<e', struct.pack('<H', half))[0]


def codes_pq2_0(b):
    return [(b[2 + i // 4] >> 2 * (i % 4) & 3) - 1 for i in range(WEIGHTS)], b[0] | b[1] << 8


def digit(byte, number):
    """The ternary digits of byte / 256, one after another."""
    return byte * 3 ** number % 256 * 3 // 256


def codes_ptq1_0(b):
    codes = []
    for first, n_bytes, n_digits in ((0, 16, 5), (16, 8, 5), (24, 2, 4)):
        codes += [digit(b[first + i], p) - 1 for p in range(n_digits) for i in range(n_bytes)]
    return codes, b[26] | b[27] << 8


def product(code, scale):
    """code * scale as IEEE 754 has it: Python's floats do it, and the result is exact."""
    return float(code) * scale


def to_f32(value):
    return struct.pack('<f', value) if not math.isnan(value) else struct.pack('<I', 0x7fc00000)


def to_f16(value):
    if math.isnan(value):
        return struct.pack('<H', 0x7e00)
    try:
        return struct.pack('<e', value)
    except OverflowError:  # infinite by rounding to nearest
        return struct.pack('<H', 0xfc00 if value < 0 else 0x7c00)


def pack_ptq1_0(trits):
    """Bytes of trits (0 to 2) as a quantizer makes them."""
    b, at = bytearray(), 0
    for n_bytes, n_digits in ((16, 5), (8, 5), (2, 4)):
        for i in range(n_bytes):
            number = sum(trits[at + p * n_bytes + i] * 3 ** (4 - p) for p in range(n_digits))
            b.append((number * 256 + 242) // 243)
        at += n_bytes * n_digits
    return bytes(b)


def blocks_pq2_0(rng):
    half = struct.Struct('<H').pack
    blocks = [half(scale) + bytes(codes) for scale in SCALES
              for codes in (bytes(32), b'\x55' * 32, b'\xff' * 32, rng.randbytes(32))]
    blocks += [half(rng.randrange(0x400, 0x7c00) | rng.choice((0, 0x8000))) +
               bytes(rng.choice((0, 1, 2)) | rng.choice((0, 1, 2)) << 2 | rng.choice((0, 1, 2)) << 4 |
                     rng.choice((0, 1, 2)) << 6 for _ in range(32)) for _ in range(24)]
    return blocks + [rng.randbytes(34) for _ in range(24)] + [bytes(34), b'\xff' * 34]


def blocks_ptq1_0(rng):
    half = struct.Struct('<H').pack
    blocks = [bytes(codes) + half(scale) for scale in SCALES
              for codes in (bytes(26), b'\xff' * 26, rng.randbytes(26))]
    blocks += [pack_ptq1_0([rng.randrange(3) for _ in range(WEIGHTS)]) +
               half(rng.randrange(0x400, 0x7c00) | rng.choice((0, 0x8000))) for _ in range(24)]
    # Every byte at every place, with scales of both signs.
    blocks += [bytes((first + 37 * i) % 256 for i in range(26)) + half(0x3555 | (first & 1) << 15)
               for first in range(256)]
    return blocks + [rng.randbytes(28) for _ in range(24)] + [bytes(28), b'\xff' * 28]


TYPES = {'pq2_0': (blocks_pq2_0, codes_pq2_0), 'ptq1_0': (blocks_ptq1_0, codes_ptq1_0)}


def vectors(name):
    """The three files of a type."""
    make_blocks, decode = TYPES[name]
    blocks = make_blocks(random.Random(name))
    weights = []
    for block in blocks:
        codes, half = decode(block)
        weights += [product(code, f16(half)) for code in codes]
    return {'blocks': b''.join(blocks), 'f32': b''.join(map(to_f32, weights)),
            'f16': b''.join(map(to_f16, weights))}


def main():
    check = sys.argv[1:2] == ['--check']
    folder = sys.argv[-1]
    if len(sys.argv) != 2 + check:
        sys.exit(__doc__)
    bad = 0
    for name in TYPES:
        for ending, data in vectors(name).items():
            path = os.path.join(folder, f'{name}.{ending}')
            if not check:
                with open(path, 'wb') as f:
                    f.write(data)
                continue
            with open(path, 'rb') as f:
                if f.read() != data:
                    print(f'{path}: differs from what its generator makes')
                    bad = 1
    sys.exit(bad)


if __name__ == '__main__':
    main()
