#!/usr/bin/env python3
"""Compare the speed of gguf-dq with that of PyPI's gguf and libgguf, side by side.

Usage: peers.py GGUF-DQ [--model FILE] [--folder FOLDER] [--types NAME,...]

--model    the model to extract as a whole; by default one shaped like Gemma 3 270M is made
--folder   where the virtual environment with the peers is kept between runs
--types    the types to measure

Run on demand only: it needs the network and about 3 GB of disk. A peer that cannot be installed is
skipped. Types are measured in GB/s of f32 output on one core: the peers decode from memory to memory,
gguf-dq from a file in the page cache to /dev/null, including its start. The model is extracted to
.npy files of f32, one for each tensor. Measurements alternate; the figures are medians.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / 'lib'))
import gguf_writer  # noqa: E402
import make_noise  # noqa: E402

PEERS = ('gguf', 'libgguf')
ROUNDS = 5
COLUMNS = 4096
OUR_ROWS = 32768  # 2^27 weights, so that the start does not matter
PEER_ROWS = 1024
WORTH = ('q', 'iq', 'tq', 'mxfp', 'nvfp', 'f16', 'bf16')

# A child's peak memory includes that of the process that forked it, so a small one forks it.
STOPWATCH = """
import os, sys, time
start = time.perf_counter()
pid = os.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), time.perf_counter() - start,
      usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
"""


def measured(command):
    """Runs a command; returns its wall and CPU seconds and its peak memory in MiB."""
    python = [sys.executable, '-I', '-S', '-c', STOPWATCH]
    words = subprocess.run(python + command, check=True, stdout=subprocess.PIPE).stdout.split()
    if words[-4] != b'0':
        sys.exit(f'{command} ended with status {words[-4].decode()}')
    return [float(word) for word in words[-3:]]


def install(folder):
    """Makes the virtual environment; returns its Python."""
    python = folder / 'venv' / 'bin' / 'python3'
    if not python.exists():
        venv.create(folder / 'venv', with_pip=True)
    for peer in PEERS:
        command = [python, '-m', 'pip', 'install', '-q', '--disable-pip-version-check', peer]
        if subprocess.run(command, check=False).returncode != 0:
            print(f'{peer} cannot be installed and is left out', file=sys.stderr)
    return str(python)


def decoders():
    """name: (blocks as rows of bytes, type's number, weights of a row) -> array, for each peer."""
    found = {}
    try:
        import gguf
        found['gguf'] = lambda rows, number, _: gguf.quants.dequantize(
            rows, gguf.GGMLQuantizationType(number))
    except ImportError:
        pass
    try:
        import libgguf
        found['libgguf'] = lambda rows, number, columns: libgguf.dequantize_rows(
            rows, number, columns)
    except ImportError:
        pass
    return found


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def rate_of_peer(decode, type_name):
    """Returns a function that measures once, or None if the peer lacks the type."""
    import numpy
    number = gguf_writer.TYPES[type_name][0]
    size = gguf_writer.tensor_bytes(type_name, [COLUMNS, PEER_ROWS])
    noise = make_noise.noise(type_name)
    rows = numpy.frombuffer((noise * (size // len(noise) + 1))[:size], numpy.uint8)
    rows = rows.reshape(PEER_ROWS, -1)
    try:
        with numpy.errstate(all='ignore'):
            out = decode(rows, number, COLUMNS)
    except (ValueError, KeyError, NotImplementedError, TypeError, RuntimeError):
        return None
    if out.size != COLUMNS * PEER_ROWS:
        return None

    def measure():
        with numpy.errstate(all='ignore'):
            return 4e-9 * COLUMNS * PEER_ROWS / seconds(lambda: decode(rows, number, COLUMNS))
    return measure


def rate_of_ours(binary, type_name, folder):
    model = folder / 'type.gguf'
    make_noise.write_model(model, [('x', type_name, [COLUMNS, OUR_ROWS])])
    command = [binary, 'extract', '-q', '-j1', '--device', 'cpu', '-d', 'f32', '-f', 'raw', '-o',
               '/dev/null', str(model)]
    return lambda: 4e-9 * COLUMNS * OUR_ROWS / seconds(lambda: subprocess.run(command, check=True))


def compare_types(binary, types, folder):
    peers = decoders()
    head = ''.join(f'{peer:>9} {"ratio":>7}' for peer in peers)
    print(f'{"GB/s of f32, one core":22} {"gguf-dq":>8} {head}')
    for type_name in types:
        measures = {'ours': rate_of_ours(binary, type_name, folder)}
        measures.update((peer, rate_of_peer(decode, type_name)) for peer, decode in peers.items())
        rates = {name: [] for name in measures}
        for _ in range(ROUNDS):
            for name, measure in measures.items():
                if measure:
                    rates[name].append(measure())
        ours = statistics.median(rates['ours'])
        cells = ''
        for peer in peers:
            theirs = statistics.median(rates[peer]) if rates[peer] else 0
            cells += f'{theirs:9.2f} {ours / theirs:6.1f}x' if theirs else f'{"-":>9} {"-":>7}'
        print(f'{type_name:22} {ours:8.2f} {cells}', flush=True)
    (folder / 'type.gguf').unlink(missing_ok=True)


def extract_with(peer, model, folder):
    """What a user of this peer would write. Runs as a child process, to be measured."""
    import gguf
    import numpy
    decode = decoders()[peer]
    os.makedirs(folder)
    for tensor in gguf.GGUFReader(model).tensors:
        if tensor.tensor_type == gguf.GGMLQuantizationType.F32:
            weights = tensor.data
        else:
            weights = decode(tensor.data, int(tensor.tensor_type), int(tensor.shape[0]))
        numpy.save(f'{folder}/{tensor.name}.npy', weights)


def compare_model(binary, model, folder):
    if not model:
        model = folder / 'model.gguf'
        make_noise.write_model(model, list(make_noise.gemma()))
    out = folder / 'out'
    commands = {'gguf-dq': [binary, 'extract', '-q', '-o', f'{out}/', str(model)]}
    peers = decoders()
    if 'gguf' in peers:  # reads the file into the page cache, for the peer too
        for peer in peers:
            commands[peer] = [sys.executable, __file__, '--extract', peer, str(model), str(out)]
    results = {name: [] for name in commands}
    for _ in range(3):
        for name, command in commands.items():
            results[name].append(measured(command))
            shutil.rmtree(out)
    print(f'\n{"a whole model as f32":22} {"wall s":>8} {"CPU s":>8} {"peak MiB":>9} {"wall":>7}')
    best = statistics.median(run[0] for run in results['gguf-dq'])
    for name, runs in results.items():
        wall, cpu, peak = (statistics.median(column) for column in zip(*runs))
        print(f'{name:22} {wall:8.2f} {cpu:8.2f} {peak:9.1f} {wall / best:6.1f}x')


def main():
    if sys.argv[1:2] == ['--extract']:
        extract_with(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description='Compare the speed of gguf-dq with that of others.')
    parser.add_argument('binary', metavar='GGUF-DQ')
    parser.add_argument('--model', metavar='FILE')
    parser.add_argument('--folder', metavar='FOLDER')
    parser.add_argument('--types', metavar='NAME,...')
    parser.add_argument('--installed', action='store_true', help=argparse.SUPPRESS)
    args = parser.parse_args()
    types = args.types.split(',') if args.types else [
        name for name in gguf_writer.TYPES if name.startswith(WORTH)]
    with tempfile.TemporaryDirectory() as scratch:
        if not args.installed:
            folder = pathlib.Path(args.folder or scratch).resolve()
            folder.mkdir(parents=True, exist_ok=True)
            python = install(folder)
            sys.exit(subprocess.run([python, __file__, *sys.argv[1:], '--installed'],
                                    check=False).returncode)
        binary = os.path.realpath(args.binary)
        compare_types(binary, types, pathlib.Path(scratch))
        compare_model(binary, args.model, pathlib.Path(scratch))


if __name__ == '__main__':
    main()
