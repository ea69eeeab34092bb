#!/bin/sh
# meson: gpu threads timeout=300
# How codes and scales are used in blocks of every type, counted again from the bytes by what the coverage of the golden
# vectors knows about them.
"$PYTHON" - <<'PYTHON'
import collections
import json
import math
import os
import struct
import subprocess
import sys

import gguf_writer
import numpy

sys.path.insert(0, os.environ['TESTS'] + '/corpus')
import golden_coverage

rng = numpy.random.default_rng(3)
types = [name for name, (_, weights, _) in gguf_writer.TYPES.items() if weights > 1]
SCALE_AT = {'q2_k': 80, 'q3_k': 108, 'q6_k': 208, 'tq1_0': 52, 'ptq1_0': 26, 'tq2_0': 64}
ZERO = {'q2_k': 0, 'q3_k': 32, 'q4_k': 0, 'q5_k': 0, 'q6_k': 128, 'iq4_xs': 32}
VALUES = {'q2_k': 16, 'q6_k': 256, 'iq1_s': 8, 'iq1_m': 8, 'q3_k': 64, 'q4_k': 64, 'q5_k': 64, 'iq4_xs': 64}

def trits(at, n, digits):
    return lambda b: [(byte * 3 ** p & 255) * 3 >> 8 for p in range(digits) for byte in b[at:at + n]]

def codes(name, block):
    if name in ('tq1_0', 'ptq1_0'):
        return sum((trits(*part)(block) for part in {'tq1_0': ((0, 32, 5), (32, 16, 5), (48, 4, 4)),
                                                     'ptq1_0': ((0, 16, 5), (16, 8, 5), (24, 2, 4))}[name]), [])
    if name == 'mxfp4':
        return golden_coverage.nibbles(1, 16)(block)
    if name == 'nvfp4':
        return golden_coverage.nibbles(4, 32)(block)
    field = golden_coverage.TYPES[name][1][0]
    found = field[2](block)
    return [code ^ 128 for code in found] if name.startswith('q8') else found

def subscales(name, block):
    fields = [field for field in golden_coverage.TYPES[name][1] if field[0].startswith('scale') and 'fp4' not in name]
    values = [value for field in fields for value in field[2](block)]
    if name == 'q6_k':
        return [value ^ 128 for value in values]
    return [value & VALUES[name] - 1 for value in values] if name in ('q2_k', 'iq1_s', 'iq1_m') else values

def scales(name, block):
    """[(value, the least normal number)]"""
    if name == 'mxfp4':
        return [(2.0 ** (block[0] - 127) if block[0] != 255 else math.nan, 0)]
    if name == 'nvfp4':
        def small(x):
            x = 0 if x == 127 else x & 127
            return (x & 7 | (8 if x > 7 else 0)) / 8 * 2.0 ** (max(x >> 3, 1) - 7)
        return [(small(x), 2.0 ** -6) for x in block[:4]]
    if name == 'q8_k':
        return [(struct.unpack('<f', block[:4])[0], 2.0 ** -126)]
    if name == 'iq1_m':
        half = sum((block[49 + 2 * i] >> 4) << 4 * i for i in range(4)).to_bytes(2, 'little')
    else:
        half = block[SCALE_AT.get(name, 0):][:2]
    return [(struct.unpack('<e', half)[0], 2.0 ** -14)]

def expected(name, blocks, before):
    all_codes = [codes(name, block) for block in blocks]
    use = collections.Counter(code for some in all_codes for code in some)
    n_values = {'tq1_0': 3, 'ptq1_0': 3}.get(name) or 16 if name == 'nvfp4' else len_of(name)
    total = sum(use.values())
    ends = (15, 7) if name in ('mxfp4', 'nvfp4') else (0, n_values - 1)
    factors = [scale for block in blocks for scale in scales(name, block)]
    finite = [(value, least) for value, least in factors if math.isfinite(value)]
    octaves = collections.Counter(numpy.array([value], '<f4').view('<u4')[0] >> 23 & 255 for value, _ in finite if value)
    parts = [value for block in blocks for value in subscales(name, block)]
    full = {VALUES.get(name, 16) - 1, 0 if ZERO.get(name, 0) else VALUES.get(name, 16) - 1}
    return {
        'blocks': len(blocks), 'blocks_repeated': sum(a == b for a, b in zip(blocks, [before, *blocks])),
        'blocks_constant': sum(len(set(some)) == 1 for some in all_codes), 'codes': [use[c] for c in range(n_values)],
        'codes_entropy': round(-sum(n / total * math.log2(n / total) for n in use.values()) + 0.0, 2),
        'codes_unused': n_values - len(use), 'codes_low': None if name.startswith(('iq1', 'iq2', 'iq3')) else use[ends[0]],
        'codes_high': None if name.startswith(('iq1', 'iq2', 'iq3')) else use[ends[1]],
        'scales_zero': sum(value == 0 for value, _ in finite),
        'scales_subnormal': sum(0 < abs(value) < least for value, least in finite),
        'scales_negative': sum(value < 0 for value, _ in finite), 'scales_nonfinite': len(factors) - len(finite),
        'scales_octaves': [octaves[e] for e in range(256)],
        'subscales_zero': sum(value == ZERO.get(name) for value in parts) if parts else None,
        'subscales_full': sum(value in full for value in parts) if parts else None}

def len_of(name):
    return {'tq1_0': 3, 'ptq1_0': 3, 'mxfp4': 16}.get(name) or golden_coverage.TYPES[name][1][0][1]

blocks, tensors = {}, []
for name in types:
    _, weights, size = gguf_writer.TYPES[name]
    with open(f"{os.environ['DATA']}/golden/{name}.blocks", 'rb') as f:
        golden = f.read()
    some = [golden[i:i + size] for i in range(0, len(golden), size)][:40]
    some = [some[i] for i in rng.integers(0, len(some), 30)] + [bytes(size), bytes(size), some[0], some[0], b'\xff' * size, bytes([0x55]) * size]
    blocks[name] = some
    tensors.append((name, name, [3 * weights, 2, 6], b''.join(some)))
equal = bytes(range(144))
tensors += [('equal', 'q4_k', [256, 3000], equal * 3000), ('f', 'f32', [3], bytes(12)), ('none', 'q4_0', [32, 0], b'')]
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model([], tensors))

def rows(*words):
    done = subprocess.run(['gguf-dq', 'stats', '--json', '--codes', 'm.gguf', *words], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)['tensors']

def check(row, name, some, before):
    wanted = expected(name, some, before)
    found = {key: row[key] for key in wanted}
    assert found == wanted, (name, row['slice'], {key: (found[key], wanted[key]) for key in wanted if found[key] != wanted[key]})

found = {row['name']: row for row in rows()}
for name in types:
    check(found[name], name, blocks[name], None)
assert found['equal']['blocks_repeated'] == 2999
assert all(found['f'][key] is None for key in expected('q4_0', blocks['q4_0'], None))
assert found['none']['blocks'] == 0 and found['none']['codes_entropy'] is None and found['none']['codes_unused'] == 16
print(len(types), 'types')

# parts: what is before a block in the file counts
for unit, n in (('matrix', 6), ('row', 3), ('block', 1)):
    for name in ('q4_0', 'iq2_s', 'q3_k', 'nvfp4'):
        parts = rows('--by', unit, name)
        assert len(parts) == 36 // n
        for i, row in enumerate(parts):
            check(row, name, blocks[name][n * i:n * i + n], blocks[name][n * i - 1] if i else None)
for word, chosen in (('q4_0[1:5:2, 1]', [9, 10, 11, 21, 22, 23]), ('q4_0[::-3, :, 32:64]', [31, 34, 13, 16]),
                     ('q6_k[2, :, 256:]', [13, 14, 16, 17])):
    name = word.split('[')[0]
    row, = rows(word)
    wanted = expected(name, [blocks[name][i] for i in chosen], None)
    wanted['blocks_repeated'] = sum(blocks[name][i] == blocks[name][i - 1] for i in chosen)
    assert wanted == {key: row[key] for key in wanted}, word
assert [row['name'] for row in rows('--sort', 'blocks_repeated', '--top', '1')] == ['equal']
row, = rows('--by', 'block', '--sort', 'codes_unused', '--top', '1', 'q8_0')
first = next(i for i, block in enumerate(blocks['q8_0']) if len(set(codes('q8_0', block))) == 1)
check(row, 'q8_0', [blocks['q8_0'][first]], blocks['q8_0'][first - 1])
PYTHON
gguf-dq stats --json --codes m.gguf >expected
for words in '-j1' '-j3' '--max-memory 3MiB -j1' '--device gpu' '--device gpu:all -j5' '--cpu baseline --device cpu'; do
    # shellcheck disable=SC2086
    gguf-dq stats --json --codes $words m.gguf | cmp - expected
done
gguf-dq stats --codes m.gguf equal f iq3_s
gguf-dq stats --codes m.gguf 'equal[:, ::2]'
echo "$?"
