#!/usr/bin/env python3
"""Write the first inputs of the fuzz targets: make_seeds.py DATA CORPUS.

Inputs that revealed a bug are added later, under names that describe it.
"""
import io
import os
import struct
import sys
import zipfile

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

# Names of a model, separated by the first byte.
NAMES = [
    b'|', b'|a|b', b'||a', b'|\\&||&', b'|\xff|\\xff|\\\\xff', b'|a\nb|a\\nb|a\\\\nb',
    b'|a|a[0]|a[0][0]|[0]|\\[0]', b'|*|?|[a]|{a,b}|a|\\*', b'|a.weight|a|a.bias|a.|.|..',
    b'|-|--|-t| |  |\t|\r|\n|#|@|:', b'|\xc3\xbc|\xc3|\xbc|\xe2\x80\xae|\xe2\x80|\\xe2\\x80\\xae',
    b'|\x00|a\x00b|a|\\x00|a\\x00b|\\\\x00', b'|\x1b[31m|\x7f|\xc2\x85|\xef\xbb\xbf|\xed\xa0\x80',
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
    'list --json --meta=short m.gguf', 'list --offset 1 m.gguf',
    'check --offset=0x0 m.gguf', 'list m.guff',
    'extract -o x.npz m.gguf', 'extract -f npz -o - m.gguf', 'extract -o y.gguf -d native m.gguf',
    'extract -f safetensors -o out/ --max-shard 64 -d bf16 m.gguf', 'extract -f gguf -n --max-shard 1KB',
]

def zipped(compression, before=b'', comment=b''):
    """A zip archive with a GGUF behind a member of another kind; before: bytes in front of it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', compression) as archive:
        for name, content in ('a.txt', b'a' * 40), ('m.gguf', HEADER):
            archive.writestr(zipfile.ZipInfo(name), content)
        archive.comment = comment
    return before + file.getvalue()


HEADER = b'GGUF\3\0\0\0' + struct.pack('<QQQ', 0, 1, 1) + b'k' * 40
ZIPPED = [b'm.zip\n' + zipped(zipfile.ZIP_STORED), b'm.zip\n' + zipped(zipfile.ZIP_DEFLATED),
          b'llamafile\n' + zipped(zipfile.ZIP_STORED, b'MZqFpD=', b'c')]

# A name, a newline, and how a file of another kind begins.
FOREIGN = [
    b'm.gguf\nversion https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n', b'm.gguf\n',
    b'm.gguf\n\xef\xbb\xbf <!DOCTYPE html><html>', b'm.gguf\n<?xml version="1.0"?><Error/>',
    b'm.gguf\n{"error":"x"}', b'm.gguf\nEntry not found', b'latest\n{"schemaVersion":2}',
    b'm.gguf\n' + bytes(64), b'm.bin\nlmgg\x99\xca\0\0', b'm.bin\ntjgg\3\0\0\0', b'm\n\x1f\x8b',
    b'm.safetensors\n\x10\0\0\0\0\0\0\0{"a":{}}', b'm.pth\nPK\3\4\0archive/data.pkl',
    b'm.pth\n\x80\2\x8a\nl\xfc\x9cF', b'm\nPK\3\4GGUF\3\0\0\0' + struct.pack('<QQQ', 0, 1, 1) + b'k' * 40,
    b'm\n\x7fELF\1\2' + b'GGUF\0\0\0\3' + struct.pack('>QQQ', 1, 0, 1) + b'k' * 40,
    b'm\nMZqFpD=GGUF\1\0\0\0' + struct.pack('<III', 0, 1, 1) + b'k' * 40, b'm.gguf.part2of2\n\xff\1',
    b'm.gguf-split-ab\n\xff\1', b'._m.gguf\n\0\5\x16\7', b'm.gguf\n\xff\xfe<\0h\0',
    *ZIPPED, b'm.zst\n\x5a\x2a\x4d\x18', b'm.tar\n' + bytes([1] * 257) + b'ustar',
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


def sets(files):
    """Names of a kind of set, and its files under their names; the first is the one that is opened."""
    numbers = range(1, 4)
    yield 'whole', [(f'm-0000{n}-of-00003.gguf', f) for n, f in zip(numbers, files)]
    yield 'missing', [(f'm-0000{n}-of-00003.gguf', f) for n, f in zip(numbers, files) if n != 2]
    yield 'from_0', [(f'm-{n - 1}-of-3.gguf', f) for n, f in zip(numbers, files)]
    yield 'copies', [(f'a/m_{n}_of_3{mark}.gguf', files[n - 1])
                     for n, mark in [(1, ' (1)'), (1, ''), (2, ''), (3, ' - Copy')]]
    yield 'blob', [('0123456789abcdef', files[1])]
    yield 'pieces', [('m.gguf.part1of2', files[0][:700]), ('m.gguf.part2of2', files[0][700:])]
    yield 'piece', [('m.gguf.ab', files[0][700:])]
    yield 'damaged', [('m-1-of-3.gguf', files[0][:90]), ('m-2-of-3.gguf', files[1]),
                      ('m-3-of-3.gguf', files[1])]


def seeds(data):
    for number, (token, size) in enumerate(types(data)):
        blocks = read(data, 'golden', token + '.blocks')
        size = max(int(size) * 2, 64)
        yield f'decode/{token}', bytes([number, number % 3]) + blocks[:size]
    for number, words in enumerate(WORDS):
        yield f'select/seed-{number:02}', words.encode()
    for number, names in enumerate(NAMES):
        yield f'names/seed-{number:02}', names
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
    for number, content in enumerate(FOREIGN):
        yield f'foreign/seed-{number:02}', content
    yield 'gguf/split_set_wrong', SECOND_FILE.join(parts)
    names = [f'split-0000{n}-of-00003.gguf' for n in (1, 2, 3)]
    for name, files in sets([read(data, 'gguf', 'good', name) for name in names]):
        yield f'gguf/set_{name}', SECOND_FILE.join(b'#%s\n%s' % (n.encode(), f) for n, f in files)


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
