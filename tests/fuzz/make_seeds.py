#!/usr/bin/env python3
"""Write the first inputs of the fuzz targets: make_seeds.py DATA CORPUS.

Inputs that revealed a bug are added later, under names that describe it.
"""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, 'lib'))
import gguf_writer  # noqa: E402
import type_table  # noqa: E402

SECOND_FILE = b'|second file|'
WORDS = [
    'blk.0.attn_q', 'blk.0.attn_q.weight', 'blk.*.attn_q.*', 'blk.{0..3}.attn_{q,k}.weight',
    'token_embd.weight[0:2, :]', 'blk.1.ffn_up_exps.weight[..., ::-1]', 'odd[0]', 'odd[0][...]',
    'blk.1.ffn_up_exps.weight[-1, 1:3, ::2, 0]', 'line\\nbreak', 'star\\*', '[!a-z]*', '{a,b}',
    'huge[536870911, -536870912:]', 'no rows[:]', '*\n-blk.*\n-*bias', 'blk\ntoken_embd',
    '*[[:alpha:]]', '{a,{b,c{1..9}}}{,x}*', '*a*a*a*a*a*a*b', '{0..99999}',
    '*{0..99999}x', '*{0..99999}*', '*{a,b}' * 16 + 'z*', '*{a,b}' * 18, 'atn_q.wieght', '',
    'token_embd.weight[4]', 'token_embd.weight[3, -3]', 'token_embd.weight[-5]',
    'token_embd.weight[0:9, :99]', 'token_embd.weight[9::-1, -9:9]', 'token_embd.weight[5:2, 1:0:-1]',
    'token_embd.weight[::9223372036854775807, ::-9223372036854775807]', 'no rows[0]', 'odd[0][0]',
]

LINES = [
    'list m.gguf', 'list --meta m.gguf', 'list --json --meta m.gguf', 'list -m',
    'list --jsonl m.gguf a', 'list --names', 'extract m.gguf', 'extract -k m.gguf',
    'extract -o out/ -f raw -d f16 m.gguf', 'extract -o - m.gguf', 'extract -o x.npy m.gguf a[0:8]',
    'extract -n --json m.gguf', 'extract --manifest j -d native m.gguf *', 'extract -x a m.gguf',
    'extract --force -o m.gguf m.gguf a', 'extract -T m.gguf m.gguf', 'verify --device cpu m.gguf',
    'verify --device cpu --cpu v3 --json m.gguf', 'verify --ulp 1 -d bf16 --device cpu', 'types',
    'types --json', 'devices', '--version', '--help', 'bench --help', 'lst m.gguf', 'm.gguf',
    'check m.gguf', 'check --values m.gguf', 'check --json --values m.gguf', 'check --jsonl m.gguf a',
    'extract --jsonl -j 2 -t a -t b m.gguf', 'list -x b -- m.gguf', 'extract --skip-existing',
    'extract -o x.npz m.gguf', 'extract -f npz -o - m.gguf', 'extract -o y.gguf -d native m.gguf',
    'extract -f safetensors -o out/ --max-shard 64 -d bf16 m.gguf', 'extract -f gguf -n --max-shard 1KB',
]

# Size of a shard; arrays of type, dimensions and name (fuzz_containers.c).
ARRAYS = {
    'plain': (0, [(0, [3, 4], b'a'), (1, [5], b'b/c"'), (10, [1, 2], b'q4k'), (22, [], b'scalar')]),
    'shards': (2, [(n % 35, [2, n % 8], b'n%d' % n) for n in range(20)]),
    'names': (0, [(0, [], name) for name in (
        b'', b'\xff', b'../x', b'/y', b'__metadata__', '\U0001f600"\n'.encode(), b'z' * 70, b'same',
        b'same', b'a\0b')]),
}


def types(data):
    """The types in the order of their rows, which is that of the targets' type byte."""
    rows = type_table.read(os.path.join(data, os.pardir, 'src', 'type', 'types.def'))
    return [(token, row['BYTES']) for token, row in rows.items()]


def read(*path):
    with open(os.path.join(*path), 'rb') as f:
        return f.read()


def seeds(data):
    for number, (token, size) in enumerate(types(data)):
        blocks = read(data, 'golden', token + '.blocks')
        size = max(int(size) * 2, 64)
        yield f'decode/{token}', bytes([number, number % 3]) + blocks[:size]
    for number, words in enumerate(WORDS):
        yield f'select/seed-{number:02}', words.encode()
    small = read(data, 'gguf', 'good', 'small_valid.gguf')
    large = gguf_writer.model([], [('a', 'f32', [4, 2], struct.pack('<8f', *[1e30] * 8))])
    yield 'cli/overflow', b'extract\n--strict\n-d\nf16\nm.gguf\n\n' + large
    yield 'cli/overflow_told', b'extract\n-d\nf16\n-o\na.npy\nm.gguf\n\n' + large
    models = [small, read(data, 'gguf', 'bad', 'trunc_in_second_tensor_data.gguf'), b'GGUF']
    for number, words in enumerate(LINES):
        model = models[(0, 0, 0, 1, 0, 0, 2)[number % 7]]
        yield f'cli/seed-{number:02}', '\n'.join(words.split(' ')).encode() + b'\n\n' + model
    for name, (size, arrays) in ARRAYS.items():
        yield f'containers/{name}', bytes([size]) + b''.join(
            bytes([number, len(dims), *dims, len(text)]) + text for number, dims, text in arrays)
    parts = [read(data, 'gguf', 'bad', 'split_no_wrong', f'm-0000{n}-of-00002.gguf') for n in (1, 2)]
    yield 'gguf/split_set_wrong', SECOND_FILE.join(parts)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    data, corpus = sys.argv[1:]
    for name, content in seeds(data):
        path = os.path.join(corpus, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as f:
            f.write(content)


if __name__ == '__main__':
    main()
