"""Plant links, devices and the like where outputs go, run extract, and report any damage.

Usage: hostile_places.py    run by run_case.sh, in an empty folder

Whatever is in the place of an output: a link target keeps its bytes, nothing is created outside the
folder, and in the end the place holds what was planted or, with --force, the whole array.
"""
import itertools
import os
import shutil
import socket
import stat
import subprocess
import sys

MINE = b'mine, and nobody else\'s'


def plant_nothing(path):
    pass


def plant_file(path):
    with open(path, 'wb') as f:
        f.write(MINE)


def plant_link(path):
    os.symlink(os.path.abspath('precious'), path)


def plant_relative_link(path):
    os.symlink(os.path.relpath('precious', os.path.dirname(path) or '.'), path)


def plant_dangling_link(path):
    os.symlink(os.path.abspath('outside/new'), path)


def plant_link_to_itself(path):
    os.symlink(os.path.basename(path), path)


def plant_link_to_device(path):
    os.symlink('/dev/full', path)


def plant_link_to_folder(path):
    os.symlink(os.path.abspath('outside'), path)


def plant_hard_link(path):
    os.link('precious', path)


def plant_folder(path):
    os.mkdir(path)


def plant_fifo(path):
    os.mkfifo(path)


def plant_socket(path):
    here = os.getcwd()
    os.chdir(os.path.dirname(path) or '.')  # the name of a socket must be short
    socket.socket(socket.AF_UNIX).bind(os.path.basename(path))
    os.chdir(here)


# What --force may replace: files, links to files, dangling links.
REPLACEABLE = {plant_nothing, plant_file, plant_link, plant_relative_link, plant_dangling_link,
               plant_link_to_itself, plant_hard_link, plant_link_to_folder}
OTHERS = {plant_link_to_device, plant_folder, plant_fifo, plant_socket}

# Where to plant, and the rest of the command line.
PLACES = [
    ('out/t.npy', ['-o', 'out/']),
    ('out/t.npy', ['-o', 'out/t.npy']),
    ('out/%2E.%2F..%2Foutside%2Fx.npy', ['-o', 'out', '-t', '../../outside/x']),
    ('out/m.json', ['-o', 'out/', '--manifest', 'out/m.json']),
    ('m/t.npy', []),
]
OPTIONS = [[], ['--force'], ['--skip-existing'], ['--dry-run'], ['--force', '--fsync', '-j2']]


def describe(path):
    try:
        st = os.lstat(path)
    except FileNotFoundError:
        return None
    link = os.readlink(path) if stat.S_ISLNK(st.st_mode) else None
    return stat.S_IFMT(st.st_mode), st.st_ino, link


def content(path):
    with open(path, 'rb') as f:
        return f.read()


def outside():
    return sorted(os.listdir('outside')), sorted(os.listdir('.')), content('precious')


def prepare():
    for name in 'out', 'm', 'outside':
        shutil.rmtree(name, ignore_errors=True)
        os.mkdir(name)
    with open('precious', 'wb') as f:
        f.write(MINE)


def try_one(plant, place, words, options, due):
    """Returns what is wrong, or None."""
    path, rest = place, words
    prepare()
    plant(path)
    before, around = describe(path), outside()
    command = ['gguf-dq', 'extract', '-q', *options, 'm.gguf', *rest]
    if not any(word in rest for word in ('-t',)):
        command.append('t')
    run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    after = describe(path)
    if outside() != around:
        return 'something outside changed'
    if any(name.endswith('.tmp') for _, _, names in os.walk('.') for name in names):
        return 'a temporary file is left'
    if run.returncode not in (0, 2, 6):
        return f'exit {run.returncode}'
    if (run.stderr.count(b'\n') != 0) != (run.returncode != 0):
        return f'exit {run.returncode}, says {run.stderr!r}'
    if after == before:
        # The manifest follows the same rules, but a manifest is rewritten.
        if run.returncode == 0 and plant is plant_nothing and '--dry-run' not in options:
            return 'exit 0, and nothing is written'
        if run.returncode == 0 and plant in OTHERS and '--dry-run' not in options:
            return 'exit 0, and it is still there'
        return None
    allowed = plant is plant_nothing or '--force' in options or (
        path.endswith('.json') and '--skip-existing' in options)
    if '--dry-run' in options or not allowed or plant not in REPLACEABLE:
        return f'is replaced: exit {run.returncode}'
    if not stat.S_ISREG(after[0]) or os.lstat(path).st_nlink != 1 or run.returncode != 0:
        return f'becomes {after}, exit {run.returncode}'
    if due is not None and content(path) != due:
        return 'is no whole array'
    return None


def main():
    tests = os.environ['TESTS']
    subprocess.run([sys.executable, os.path.join(tests, 'lib', 'make_model.py'), 'm.gguf',
                    't:q4_k:2x256', '../../outside/x:f32:8'], check=True)
    due = {}
    prepare()
    for path, words in PLACES[:3]:
        subprocess.run(['gguf-dq', 'extract', '-q', '--force', 'm.gguf', *words,
                        *([] if '-t' in words else ['t'])], check=True)
        due[os.path.basename(path)] = content(path)
    n = n_wrong = 0
    plants = sorted(REPLACEABLE | OTHERS, key=lambda f: f.__name__)
    for plant, (path, words), options in itertools.product(plants, PLACES, OPTIONS):
        if plant in (plant_link_to_device, plant_fifo) and words == ['-o', 'out/t.npy']:
            continue  # a device or FIFO that -o names takes the array as a stream
        if plant is plant_link_to_folder and words == ['-o', 'out/t.npy'] or \
                plant is plant_folder and words == ['-o', 'out/t.npy']:
            continue  # and a folder takes files
        wrong = try_one(plant, path, words, options, due.get(os.path.basename(path)))
        n += 1
        if wrong:
            n_wrong += 1
            print(f'{plant.__name__} at {path}, {words + options}: {wrong}')
    print(f'{n_wrong} of them wrong' if n_wrong else 'nothing came to harm')
    print(n > 200)


if __name__ == '__main__':
    main()
