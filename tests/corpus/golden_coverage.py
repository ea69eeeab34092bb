#!/usr/bin/env python3
"""Check that the golden vectors exercise every code, scale and index of every type.

Usage: golden_coverage.py TYPES_DEF DIR

DIR holds T.blocks, T.f32 and T.f16 for each type T of TYPES_DEF. A value counts only where it shows in
the result: in a block whose float scales are all normal numbers. Every bit of a block must also be seen
as 0 and as 1. Exit 1 names what is missing.
"""
import math
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, 'lib'))
import type_table  # noqa: E402


def u16(b, off):
    return b[off] | b[off + 1] << 8


def u32(b, off):
    return u16(b, off) | u16(b, off + 2) << 16


def nib(byte, high):
    return byte >> 4 if high else byte & 15


# Whether codes and scales affect a block's result.

def always(_):
    return True


def is_normal(half):
    return 0 < half >> 10 & 31 < 31


def normal(*offsets):
    return lambda b: all(is_normal(u16(b, off)) for off in offsets)


def iq1_m_live(b):
    return is_normal(sum((u16(b, 48 + 2 * i) >> 12) << 4 * i for i in range(4)))


def q8_k_live(b):
    """The scale is a float; a code of 128 must not carry the product to infinity."""
    return 0 < u32(b, 0) >> 23 & 255 < 247


# Extractors: each makes a function from a block's bytes to the field's values in that block.

def raw(off, n):
    return lambda b: b[off:off + n]


def words(off, n):
    return lambda b: [u16(b, off + 2 * i) for i in range(n)]


def bits(off, n):
    return lambda b: [x >> s & 1 for x in b[off:off + n] for s in range(8)]


def pairs(off, n):
    return lambda b: [x >> s & 3 for x in b[off:off + n] for s in (0, 2, 4, 6)]


def nibbles(off, n):
    return lambda b: [x >> s & 15 for x in b[off:off + n] for s in (0, 4)]


def five_bit(fifth, codes):
    def values(b):
        high = u32(b, fifth)
        return [nib(b[codes + i % 16], i >= 16) | (high >> i & 1) << 4 for i in range(32)]
    return values


def k_scales(first, is_min):
    """Sub-scales or mins k = first .. first + 3 of the 12 packed bytes of Q4_K and Q5_K."""
    def values(b):
        s = b[4:16]
        if first == 0:
            return [s[k + 4 * is_min] & 63 for k in range(4)]
        return [nib(s[k + 4], is_min) | s[k - 4 + 4 * is_min] >> 6 << 4 for k in range(4, 8)]
    return values


def q3_k_scales(first):
    def values(b):
        return [nib(b[96 + k % 8], k >= 8) | (b[104 + k % 4] >> 2 * (k // 4) & 3) << 4
                for k in range(first, first + 8)]
    return values


def q3_k_codes(b):
    return [b[32 + 32 * (i // 128) + i % 32] >> 2 * (i % 128 // 32) & 3
            | (b[i % 32] >> i // 32 & 1) << 2 for i in range(256)]


def q5_k_codes(b):
    return [nib(b[48 + 32 * (i // 64) + i % 32], i // 32 & 1) | (b[16 + i % 32] >> i // 32 & 1) << 4
            for i in range(256)]


def q6_k_codes(b):
    return [nib(b[64 * half + 32 * (g & 1) + i], g >= 2)
            | (b[128 + 32 * half + i] >> 2 * g & 3) << 4
            for half in range(2) for g in range(4) for i in range(32)]


def nvfp4_codes(b):
    """The position in the eight bytes of a sub-block does not matter. A scale of zero hides its codes."""
    return [v for s in range(4) if b[s] & 127 not in (0, 127)
            for x in b[4 + 8 * s:12 + 8 * s] for v in (x & 15, x >> 4)]


def sign_words(off, step, shifts, mask):
    """Fields of eight u32, each four 7-bit sign indices below a 4-bit scale (IQ2_XXS, IQ3_XXS)."""
    def values(b):
        found = [u32(b, off + step * g) for g in range(8)]
        return [a >> shift & mask for a in found for shift in shifts]
    return values


def iq2_xxs_index(b):
    return [b[2 + 8 * g + k] for g in range(8) for k in range(4)]


def high_bits(low, n, high, width):
    """Indices: n low bytes, each with `width` more bits packed from `high` on."""
    per, mask = 8 // width, (1 << width) - 1
    return lambda b: [b[low + i] | (b[high + i // per] >> width * (i % per) & mask) << 8
                      for i in range(n)]


def iq1_s_index(b):
    return [b[2 + i] | (u16(b, 34 + 2 * (i // 4)) >> 3 * (i % 4) & 7) << 8 for i in range(32)]


def iq1_m_index(b):
    return [b[i] | (nib(b[32 + i // 2], i & 1) & 7) << 8 for i in range(32)]


def iq1_m_scales(b):
    """Four 3-bit scales a word, distinguished by their position."""
    return [8 * k + (u16(b, 48 + 2 * i) >> 3 * k & 7) for i in range(4) for k in range(4)]


def iq4_xs_scales(b):
    return [nib(b[4 + g // 2], g & 1) | (u16(b, 2) >> 2 * g & 3) << 4 for g in range(8)]


def rounding(magnitude, drop):
    """How a magnitude rounds when `drop` low bits are cut: to the even or odd neighbour, and from which side."""
    half = 1 << drop - 1
    rest = magnitude & 2 * half - 1
    side = 'below' if rest < half else 'tie' if rest == half else 'above'
    return ('odd ' if magnitude >> drop & 1 else 'even ') + side


SPECIAL = ['+0', '-0', '+inf', '-inf', 'nan']


def special(value):
    """The name of a value that is not an ordinary number, else None."""
    if math.isnan(value):
        return 'nan'
    sign = '-' if math.copysign(1, value) < 0 else '+'
    return sign + '0' if value == 0 else sign + 'inf' if math.isinf(value) else None


def f32_class(word, value):
    """How a float converts to binary16: the half's exponent, and the rounding."""
    size = word & 0x7fffffff
    exponent = (size >> 23) - 112
    if special(value):
        return special(value)
    if size in HALF_LIMIT:
        return HALF_LIMIT[size]
    if size > max(HALF_LIMIT):
        return 'overflow'
    if exponent < -10:
        return 'underflow'
    drop = 13 if exponent > 0 else 14 - exponent
    return f'half exponent {max(exponent, 0)} ' + rounding(size & 0x7fffff | 0x800000, drop)


def f64_class(word, value):
    exponent = (word >> 52 & 2047) - 896
    if special(value):
        return special(value)
    if exponent > 254:
        return 'overflow'
    if exponent < -23:
        return 'underflow'
    if exponent <= 0:
        return 'subnormal'
    return rounding(word & (1 << 52) - 1, 29)


def int_class(_, value):
    drop = abs(value).bit_length() - 24
    if drop <= 0:
        return 'exact'
    return f'{drop} bits too long ' + rounding(abs(value), drop)


def classes(fmt, classify):
    """For types with one number a block: its class by bit pattern and value."""
    return lambda b: [classify(int.from_bytes(b, 'little'), struct.unpack(fmt, b)[0])]


HALF_LIMIT = {0x477fefff: 'last to 65504', 0x477ff000: 'first to infinity'}
SIDES = [f'{parity} {side}' for parity in ('even', 'odd') for side in ('below', 'tie', 'above')]
F32_CLASSES = SPECIAL + list(HALF_LIMIT.values()) + ['overflow', 'underflow'] + [
    f'half exponent {e} {s}' for e in range(31) for s in SIDES]
F64_CLASSES = SPECIAL + ['overflow', 'underflow', 'subnormal'] + SIDES


def int_classes(width):
    """With one bit to drop, a number is exact or a tie."""
    return ['exact'] + [f'{n} bits too long {s}' for n in range(1, width - 24) for s in SIDES
                        if n > 1 or 'above' not in s]


SIGN_SHIFTS = (0, 7, 14, 21)
K_SCALES = [(f'{what} {first}-{first + 3}', 64, k_scales(first, is_min))
            for is_min, what in enumerate(('scale', 'min')) for first in (0, 4)]

# For each type, whether the values of a block show in its result, and fields: (name, values, extractor).
TYPES = {
    'f32': (always, [('class', F32_CLASSES, classes('<f', f32_class))]),
    'f16': (always, [('code', 65536, words(0, 1))]),
    'bf16': (always, [('code', 65536, words(0, 1))]),
    'f64': (always, [('class', F64_CLASSES, classes('<d', f64_class))]),
    'i8': (always, [('code', 256, raw(0, 1))]),
    'i16': (always, [('code', 65536, words(0, 1))]),
    'i32': (always, [('class', int_classes(32), classes('<i', int_class))]),
    'i64': (always, [('class', int_classes(64), classes('<q', int_class))]),
    'q1_0': (normal(0), [('code', 2, bits(2, 16))]),
    'q2_0': (normal(0), [('code', 4, pairs(2, 16))]),
    'pq2_0': (normal(0), [('code', 4, pairs(2, 32))]),
    'q4_0': (normal(0), [('code', 16, nibbles(2, 16))]),
    'q4_1': (normal(0, 2), [('code', 16, nibbles(4, 16))]),
    'q5_0': (normal(0), [('code', 32, five_bit(2, 6))]),
    'q5_1': (normal(0, 2), [('code', 32, five_bit(4, 8))]),
    'q8_0': (normal(0), [('code', 256, raw(2, 32))]),
    'q8_1': (normal(0), [('code', 256, raw(4, 32))]),
    'q2_k': (normal(80, 82), [
        ('code', 4, pairs(16, 64)),
        ('scale and min', 256, raw(0, 16))]),
    'q3_k': (normal(108), [
        ('code', 8, q3_k_codes),
        ('scale 0-7', 64, q3_k_scales(0)),
        ('scale 8-15', 64, q3_k_scales(8))]),
    'q4_k': (normal(0, 2), [('code', 16, nibbles(16, 128))] + K_SCALES),
    'q5_k': (normal(0, 2), [('code', 32, q5_k_codes)] + K_SCALES),
    'q6_k': (normal(208), [
        ('code', 64, q6_k_codes),
        ('scale', 256, raw(192, 16))]),
    'q8_k': (q8_k_live, [('code', 256, raw(4, 256))]),
    'tq1_0': (normal(52), [
        ('five trits', 256, raw(0, 48)),
        ('four trits', 256, raw(48, 4))]),
    'ptq1_0': (normal(26), [
        ('five trits', 256, raw(0, 24)),
        ('four trits', 256, raw(24, 2))]),
    'tq2_0': (normal(64), [('code', 4, pairs(0, 64))]),
    'iq1_s': (normal(0), [
        ('index', 2048, iq1_s_index),
        ('scale and shift', 16, lambda b: [b[35 + 2 * g] >> 4 for g in range(8)])]),
    'iq1_m': (iq1_m_live, [
        ('index', 2048, iq1_m_index),
        ('scale', 32, iq1_m_scales),
        ('shift and high bits', 16, nibbles(32, 16))]),
    'iq2_xxs': (normal(0), [
        ('index', 256, iq2_xxs_index),
        ('signs', 128, sign_words(6, 8, SIGN_SHIFTS, 127)),
        ('scale', 16, sign_words(6, 8, (28,), 15))]),
    'iq2_xs': (normal(0), [
        ('index', 512, lambda b: [v & 511 for v in words(2, 32)(b)]),
        ('signs', 128, lambda b: [v >> 9 for v in words(2, 32)(b)]),
        ('scale', 16, nibbles(66, 8))]),
    'iq2_s': (normal(0), [
        ('index', 1024, high_bits(2, 32, 66, 2)),
        ('signs', 256, raw(34, 32)),
        ('scale', 16, nibbles(74, 8))]),
    'iq3_xxs': (normal(0), [
        ('index', 256, raw(2, 64)),
        ('signs', 128, sign_words(66, 4, SIGN_SHIFTS, 127)),
        ('scale', 16, sign_words(66, 4, (28,), 15))]),
    'iq3_s': (normal(0), [
        ('index', 512, high_bits(2, 64, 66, 1)),
        ('signs', 256, raw(74, 32)),
        ('scale', 16, nibbles(106, 4))]),
    'iq4_nl': (normal(0), [('code', 16, nibbles(2, 16))]),
    'iq4_xs': (normal(0), [
        ('code', 16, nibbles(8, 128)),
        ('scale', 64, iq4_xs_scales)]),
    'mxfp4': (always, [('code', 16, nibbles(1, 16)), ('scale', 256, raw(0, 1))]),
    'nvfp4': (always, [('code', 16, nvfp4_codes), ('scale', 256, raw(0, 4))]),
}


def missing_bits(blocks, size):
    """Bits of a block that are the same in all of `blocks`, as 'byte.bit'."""
    ones = zeros = 0
    for b in blocks:
        word = int.from_bytes(b, 'little')
        ones |= word
        zeros |= ~word
    return [f'{i // 8}.{i % 8}' for i in range(8 * size) if not (ones & zeros) >> i & 1]


def missing_values(blocks, values, extract):
    seen = set()
    for b in blocks:
        seen.update(extract(b))
    return [v for v in (range(values) if isinstance(values, int) else values) if v not in seen]


def check_type(folder, name, row):
    """Complaints about one type, as lines of text."""
    weights, size = int(row['WEIGHTS']), int(row['BYTES'])
    if name not in TYPES:
        return [f'{name}: golden_coverage.py does not say which codes and scales it has']
    live, fields = TYPES[name]
    data, f32_len, f16_len = read_vector(folder, name)
    count = len(data) // size
    if count == 0 or len(data) % size != 0:
        return [f'{name}.blocks: {len(data)} bytes are not whole blocks of {size}']
    bad = [f'{name}.{kind}: {length} bytes, expected {count * weights * width}'
           for kind, length, width in (('f32', f32_len, 4), ('f16', f16_len, 2))
           if length != count * weights * width]
    blocks = [data[i:i + size] for i in range(0, len(data), size)]
    blocks = [b for b in blocks if live(b)]
    found = [(field, missing_values(blocks, values, extract)) for field, values, extract in fields]
    found.append(('bit never both 0 and 1', missing_bits(blocks, size)))
    return bad + [f'{name}: {field}: {len(lost)} missing: {", ".join(map(str, lost[:8]))}'
                  for field, lost in found if lost]


def read_vector(folder, name):
    path = os.path.join(folder, name)
    with open(path + '.blocks', 'rb') as f:
        return f.read(), os.path.getsize(path + '.f32'), os.path.getsize(path + '.f16')


def main():
    if len(sys.argv) != 3:
        print('usage: golden_coverage.py TYPES_DEF DIR', file=sys.stderr)
        sys.exit(2)
    rows = type_table.read(sys.argv[1])
    bad = [f'{name}: not in types.def' for name in TYPES if name not in rows]
    for name, row in rows.items():
        try:
            bad += check_type(sys.argv[2], name, row)
        except OSError as e:
            bad.append(f'{name}: {e.strerror}: {e.filename}')
    print('\n'.join(bad) or f'{len(rows)} types covered')
    sys.exit(1 if bad else 0)


if __name__ == '__main__':
    main()
