#!/usr/bin/env python3
"""Compare what `gguf-dq check` says of thousands of good, bad and mutated files with ggml's own reader.

Usage: ggml_reader.py BUILD [MUTATIONS [FOLDER]]

Takes ggml's source from PyPI's llama-cpp-python and builds its reader. BUILD is a build folder of this
project with its tests, MUTATIONS the number of changed copies of each file of data/ (40 if not given);
FOLDER keeps the source and the files. On demand only: it needs the network and a C++ compiler.

Where ggml refuses a file, check has to report a rule that is the reason. Where check reports an error,
ggml has to refuse the file, or the rule is one that ggml does not have. Prints a table of all cases.
"""
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PACKAGE = 'llama-cpp-python'

# Parts of ggml's messages, and the notes that say the same of a file that check calls sound. Where there
# are none, check has to report an error.
REASONS = (
    (r'invalid magic|failed to read magic', ''),
    (r'bad GGUF version|only supports up to', ''),
    (r'mismatch between the host and model endianness', 'big-endian'),
    (r'GGUFv1', 'version-1'),
    (r'number of (tensors|key value pairs) is', ''),
    (r'string length \S+ exceeds maximum', 'string-long'),
    (r'string length \S+ exceeds remaining', ''),
    (r'key \S+ is empty', ''),
    (r'duplicate key', ''),
    (r'has invalid GGUF type 9', 'array-nested'),
    (r'has invalid GGUF type', ''),
    ("general.alignment' must be of type", ''),
    (r'alignment \d+ is not a power', ''),
    (r'tensor name \d+ is too long', 'name-long'),
    (r'duplicate tensor name', ''),
    (r'invalid number of dimensions', 'dimensions-many'),
    (r'invalid number of elements', 'tensor-empty'),
    (r'may cause overflow errors', 'tensor-empty'),
    (r'has a size in bytes >', 'tensor-empty'),
    (r'size overflow|overflows after padding', ''),
    (r'invalid ggml type', 'type-unknown'),
    (r'elements per row', 'type-removed'),
    (r'has offset \d+, expected', 'gap tensor-order tensor-empty-offset'),
    (r'tensor data or its padding|seek to beginning of data', 'padding-missing'),
    (r'failed to read (header|key-value|tensor info)', 'array-long'),
)

# Errors that ggml's reader does not have: it sees one file of a set, and computes sizes modulo 2^64.
STRICTER = {'tensor-size', 'split-type', 'split-keys', 'split-name', 'split-numbers', 'split-missing',
            'split-total'}


def fetch(folder):
    """Returns ggml's folder in the source package."""
    found = sorted(folder.glob('*/vendor/llama.cpp/ggml'))
    if not found:
        subprocess.run([sys.executable, '-m', 'pip', 'download', '-q', '--no-deps', '--no-binary', PACKAGE,
                        '-d', folder, PACKAGE], check=True)
        package = next(folder.glob('*.tar.gz'))
        with tarfile.open(package) as source:
            files = r'/vendor/llama\.cpp/ggml/(src|include)/([^/]+|.*\.h)$'
            source.extractall(folder, [m for m in source if re.search(files, m.name)])
        found = sorted(folder.glob('*/vendor/llama.cpp/ggml'))
    print(found[-1].relative_to(folder).parts[0])
    return found[-1]


def build_reader(ggml, folder):
    reader = folder / 'ggml_reader'
    (folder / 'ggml-version.h').write_text('')
    common = ['-O1', '-w', '-D_GNU_SOURCE', '-DGGML_VERSION=""', '-DGGML_COMMIT=""', '-ffunction-sections',
              f'-I{ggml}/include', f'-I{ggml}/src', f'-I{folder}']
    objects = []
    for source in ('ggml.c', 'ggml-quants.c', 'gguf.cpp', 'ggml-threading.cpp', HERE / 'ggml_reader.cpp'):
        path = ggml / 'src' / source
        objects.append(folder / (path.name + '.o'))
        compiler = ['c++', '-std=c++17'] if path.suffix == '.cpp' else ['cc', '-std=c11']
        subprocess.run([*compiler, *common, '-c', path, '-o', objects[-1]], check=True)
    # What the reader does not call may refer to parts that are not here.
    subprocess.run(['c++', '-o', reader, *objects, '-Wl,--gc-sections', '-Wl,--unresolved-symbols=ignore-all',
                    '-no-pie', '-lm', '-lpthread'], check=True)
    return reader


def mutate(build, folder, mutations):
    kept = folder / 'mutated'
    kept.mkdir(exist_ok=True)
    inputs = [ROOT / 'tests/fuzz/corpus/gguf', ROOT / 'data/gguf/good', ROOT / 'data/gguf/bad']
    subprocess.run([build / 'tests/fuzz/replay_gguf', '--mutate', str(mutations), '--keep', kept, *inputs],
                   check=True)
    return sorted(kept.iterdir())


def verdicts_of_ggml(reader, files):
    run = subprocess.run([reader], input=''.join(f'{file}\n' for file in files), check=True,
                         stdout=subprocess.PIPE, text=True, errors='backslashreplace')
    lines = run.stdout.split('\n')[:-1]
    if len(lines) != len(files):
        sys.exit(f'{len(lines)} verdicts on {len(files)} files')
    return lines


def check(program, file):
    """Returns the error rules and the other rules that check reports."""
    run = subprocess.run([program, 'check', '--json', file], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, check=False)
    if run.returncode not in (0, 1):
        sys.exit(f'{file}: exit status {run.returncode}: {run.stderr.decode()}')
    found = json.loads(run.stdout)['diagnostics']
    errors = {d['rule'] for d in found if d['level'] == 'error'}
    if (run.returncode == 1) != bool(errors):
        sys.exit(f'{file}: exit status {run.returncode}, errors {errors}')
    return errors, {d['rule'] for d in found} - errors


def judge(file, words, errors, others):
    """Returns a row of the table, and whether the verdicts agree."""
    if words == 'ok':
        of_set = '-of-' in file.name
        return ('accepted', ' '.join(sorted(errors)) or 'sound'), of_set or not errors - STRICTER
    reason, rules = next((row for row in REASONS if re.search(row[0], words)), (words, ''))
    if errors:
        return (f'refused: {reason}', 'errors'), True
    named = set(rules.split()) & others
    return (f'refused: {reason}', ' '.join(['sound:', *sorted(named)])), bool(named)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    mutations = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    folder = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else tempfile.mkdtemp()).resolve()
    folder.mkdir(exist_ok=True)
    reader = build_reader(fetch(folder), folder)
    files = sorted((ROOT / 'data').rglob('*.gguf')) + mutate(build, folder, mutations)
    table = collections.Counter()
    examples = {}
    apart = set()
    for file, words in zip(files, verdicts_of_ggml(reader, files)):
        row, agree = judge(file, words, *check(build / 'src/gguf-dq', file))
        table[row] += 1
        examples.setdefault((row, agree), (file, words))
        if not agree:
            apart.add(row)
    for row, count in sorted(table.items()):
        print(f'{count:7}  {row[0]:60} {row[1]}')
    for row in sorted(apart):
        file, words = examples[row, False]
        print(f'APART: {row[0]} / {row[1]}: {os.path.relpath(file, folder)}: {words}')
    print(f'{len(files)} files, {len(apart)} kinds of difference')
    return bool(apart)


if __name__ == '__main__':
    sys.exit(main())
