#!/usr/bin/env python3
"""Adds a tensor type to a copy of the source tree by the steps of src/README.md, builds it, and runs the
tests that a new type concerns.

Usage: add_type.py SOURCE_ROOT [--keep FOLDER]

The new type is Q5_0 under another name and id. Its steps here are those of the section "Add a type", in
their order; the script fails if that section has others. --keep leaves the tree and its build in FOLDER.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOKEN, NAME, ID = 'new1_0', 'NEW1_0', 199

# What a build and its tests read. Everything else, build folders above all, is not copied.
COPIED = ('.ci', 'LICENSE', 'README.md', 'data', 'hip', 'man', 'meson.build', 'meson_options.txt', 'src', 'tests')

# Those whose results depend on the types.
TESTS = (r': unit/(cpu|decode|type|block_fields|lane_cpu|kernels|endian|scan|verify)$',
         r'golden vectors', r'types.json$', r'types.table$', r'version$', r'self_test$', r'self_test_wrong$',
         r'cpu_levels$', r': doc/doc$')


def edit(path, function):
    text = path.read_text()
    changed = function(text)
    if changed == text:
        sys.exit(f'{path}: nothing to copy')
    path.write_text(changed)


def renamed(text):
    return text.replace('q5_0', TOKEN).replace('Q5_0', NAME)


def copy_before(start, end):
    """Returns a function that repeats, renamed, what is from a line on that begins with start to before one
    that begins with end, in front of the latter."""
    def change(text):
        match = re.search(rf'^{re.escape(start)}.*?(?=^{re.escape(end)})', text, re.M | re.S)
        return text[:match.end()] + renamed(match.group(0)) + text[match.end():] if match else text
    return change


def add_row(root):
    def change(text):
        row = renamed(re.search(r'^DQ_TYPE\(q5_0, .*$', text, re.M).group(0)).replace('ID(6)', f'ID({ID})')
        return text.replace('\n\n#undef DQ_TYPE', f'\n{row}\n\n#undef DQ_TYPE')
    edit(root / 'src/type/types.def', change)


def add_block(root):
    edit(root / 'src/type/blocks.def', copy_before('DQ_BLOCK(q5_0)', 'DQ_BLOCK(q5_1)'))


def add_parts(root):
    edit(root / 'src/type/parts.def', copy_before('DQ_PARTS(q5_0,', 'DQ_PARTS(q5_1,'))


def add_cpu_decoder(root):
    edit(root / 'src/cpu/decode_legacy.c', copy_before('/* Q5_0: |', '/* Q5_1: |'))


def add_gpu_decoder(root):
    edit(root / 'hip/dev_legacy.h', copy_before('/* Q5_0: |', '/* Q5_1: |'))


def add_golden_vectors(root):
    for suffix in ('blocks', 'f32', 'f16'):
        shutil.copy(root / f'data/golden/q5_0.{suffix}', root / f'data/golden/{TOKEN}.{suffix}')
    edit(root / 'tests/corpus/golden_coverage.py', copy_before("    'q5_0': ", "    'q5_1': "))


def add_to_documents(root):
    def change(text):
        row = re.search(r'^\.It Q5_0 Ta .*$', text, re.M).group(0)
        last = re.findall(r'^\.It \S+ Ta \d+ Ta \d+ Ta .*$', text, re.M)[-1]
        return text.replace(last, last + '\n' + renamed(row).replace(' Ta 6 ', f' Ta {ID} '))
    edit(root / 'man/gguf-dq.1', change)
    edit(root / 'README.md', lambda text: text.replace('Q5_0 Q5_1', f'Q5_0 {NAME} Q5_1'))


# Each with what the step of src/README.md begins with.
STEPS = (('`type/types.def`', add_row), ('`type/blocks.def`', add_block), ('`type/parts.def`', add_parts),
         ('`cpu/decode_*.c`', add_cpu_decoder), ('`hip/dev_*.h`', add_gpu_decoder),
         ('`data/golden/`', add_golden_vectors), ('`man/gguf-dq.1`', add_to_documents))


def check_steps(root):
    text = (root / 'src/README.md').read_text()
    section = re.search(r'^## Add a type$(.*?)(?=^## |\Z)', text, re.M | re.S)
    found = re.findall(r'^\d+\. (\S+?):?,? ', section.group(1), re.M) if section else []
    if found != [path for path, _ in STEPS]:
        sys.exit(f'src/README.md: "Add a type" has the steps {found}, this test other ones')


def run(*command, **kwargs):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kwargs)
    if done.returncode != 0:
        print(done.stdout)
        sys.exit(f'{" ".join(map(str, command))}: exit {done.returncode}')
    return done.stdout


def concerned(build):
    """The names of the tests that TESTS means; each of its patterns has to find one."""
    listed = [line.replace(' / ', '/') for line in run('meson', 'test', '-C', build, '--list').splitlines()
              if ' / ' in line]
    listed = [re.sub(r'^.*?:', ': ', line) for line in listed]
    for pattern in TESTS:
        if not any(re.search(pattern, line) for line in listed):
            sys.exit(f'no test is called {pattern}')
    return [line.split('/', 1)[1] for line in listed if any(re.search(p, line) for p in TESTS)]


def add_type(source, folder):
    tree, build = folder / 'tree', folder / 'build'
    for name in COPIED:
        path = source / name
        (shutil.copytree if path.is_dir() else shutil.copy)(path, tree / name)
    for _, step in STEPS:
        step(tree)
    run('meson', 'setup', '-Dtests=enabled', '-Dhip=disabled', '-Dcuda=disabled', '-Doptimization=1',
        build, tree)
    print(run('meson', 'test', '-C', build, *concerned(build))[-2500:])
    listed = run(build / 'src/gguf-dq', 'types')
    if not re.search(rf'^ *{ID}  {NAME} +32 +22 ', listed, re.M):
        sys.exit(f'gguf-dq types does not list {NAME}:\n{listed}')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('source', type=pathlib.Path)
    parser.add_argument('--keep', type=pathlib.Path)
    args = parser.parse_args()
    check_steps(args.source)
    if args.keep:
        (args.keep / 'tree').mkdir(parents=True)
        return add_type(args.source, args.keep)
    with tempfile.TemporaryDirectory() as scratch:
        (pathlib.Path(scratch) / 'tree').mkdir()
        return add_type(args.source, pathlib.Path(scratch))


if __name__ == '__main__':
    main()
