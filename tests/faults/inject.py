#!/usr/bin/env python3
"""Make each call that may fail do so in turn, and check how the program handles it.

Usage: inject.py PROGRAM SHIM [--full] [--only COMMAND] [--kind KIND]

For each command line and each kind of fault below, the program is run with the first such call
failing, then with the second, and so on until it makes no more of them. It must never crash or hang.
If it fails, it prints one line with the true reason, and nothing otherwise. Each output is complete
and right, or absent, and no temporary file is left.

--full tries every byte of the outputs instead of a sample, and more kinds of fault; --only and --kind
select one command or one kind, to examine a failure.
"""
import argparse
import errno
import os
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from preload import preloaded

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
DATA = os.path.join(os.path.dirname(TESTS), 'data')
PATIENCE = 60

# Name, arguments, and DQ_FAULT_ALSO: calls that always fail. Outputs go to the current folder, models
# are in its parent.
COMMANDS = [
    ('list', 'list --meta ../m.gguf', ''),
    ('list-json', 'list --json --meta ../m.gguf', ''),
    ('list-names', 'list --jsonl ../m.gguf -T ../names -x "*norm"', ''),
    ('types', 'types', ''),
    ('sandboxed', 'extract -q -j1 -o out ../m.gguf norm', ''),
    ('to-folder', 'extract -q -j1 -o out/a ../m.gguf --manifest m.json', ''),
    ('to-default', 'extract -q -j1 -d f16 -f raw ../m.gguf --jsonl', ''),
    ('durable',
     'extract -q -j1 --fsync --skip-existing -o out/ ../m.gguf blk.0.q blk.0.k --manifest out/m.json',
     ''),
    ('no-noreplace', 'extract -q -j1 -o out ../m.gguf blk.0.q blk.0.k', f'rename2={errno.EINVAL}'),
    ('no-links', 'extract -q -j1 -o out ../m.gguf blk.0.q',
     f'rename2={errno.EINVAL},link={errno.EPERM}'),
    ('replace', 'extract -q -j1 --force -o x.npy ../m.gguf blk.0.q', ''),
    ('rest', 'extract -q -j1 --skip-existing -o out ../m.gguf blk.0.q blk.0.k', ''),
    ('to-pipe', 'extract -j1 -o - ../m.gguf', ''),
    ('split-set', 'extract -q -j1 -o out ../split-00002-of-00003.gguf', ''),
    ('slices', 'extract -q -j1 -o out ../m.gguf "blk.0.q[1, 3:300:7]" "norm[::-1]"', ''),
    ('large', 'extract -q -j3 -o out ../large.gguf', ''),
    ('side-by-side', 'extract -q -j3 -o out ../several.gguf', ''),
    ('npz', 'extract -q -j1 -o x.npz ../m.gguf', ''),
    ('shards', 'extract -q -j1 --fsync -f safetensors -o out/ --max-shard 3KB ../m.gguf', ''),
    ('gguf-set', 'extract -q -j1 -d native -o x.gguf --max-shard 300KB ../several.gguf', ''),
    ('replace-shards', 'extract -q -j1 -f safetensors --force --max-shard 2KB -o out/ ../m.gguf', ''),
    ('replace-gguf-set', 'extract -q -j1 --force --max-shard 300KB -o x.gguf ../several.gguf', ''),
    ('check', 'check ../m.gguf', ''),
    ('check-values', 'check --json --values ../plain.gguf', ''),
    ('show', 'show ../m.gguf "blk.0.q[1, 3:300:7]" "norm"', ''),
    ('show-csv', 'show -f csv ../m.gguf norm', ''),
    ('hash', 'hash -j3 ../several.gguf', ''),
    ('hash-sha256', 'hash -j2 -a sha256 -d native ../m.gguf', ''),
    ('verify', 'verify -q -j2 --device cpu ../m.gguf', ''),
]
# The others run without a sandbox. libseccomp makes 800 allocations to set one up, and crashes or hangs
# when some of them fail, so faults in allocations are skipped for `sandboxed`.
SANDBOXED = {'types', 'sandboxed'}
SETS = {'npz', 'shards', 'gguf-set'}  # files that appear together
LOOSE = {'verify'}  # its output contains times

# Commands that replace a set: what makes the old one, which has the same names, and the file that leads to
# the others of a set. Without it, they are not loaded.
REPLACES = {
    'replace-shards': ('extract -q -f safetensors --max-shard 2KB -o out/ ../m-old.gguf',
                       'out/model.safetensors.index.json'),
    'replace-gguf-set': ('extract -q --max-shard 300KB -o x.gguf ../several-old.gguf',
                         'x-00001-of-00006.gguf'),
}

# Commands that use stdio, which gives up when a call is interrupted. In the program, a signal that
# interrupts such a call also ends the run, except while the manifest is written.
STREAMS = {'list', 'list-json', 'list-names', 'types', 'to-folder', 'to-default', 'durable', 'check',
           'check-values', 'show', 'show-csv', 'hash', 'hash-sha256', 'verify'}

# With --fsync: how many files have their final names when the n-th fsync fails. First the new folder
# is synced into its parent, then it and that of the manifest are tried, then each file is synced
# before it is renamed, and the folder after that.
NAMED = [0, 0, 0, 0, 1, 1, 2, 2, 3]

MEMORY = ('out of memory', os.strerror(errno.ENOMEM))
ANY = (0, 1, 3, 4, 5, 6)


class Fault:
    """A kind of call, how it fails, and the possible results: exit statuses and words of the message."""

    def __init__(self, kind, action, lasting='once', statuses=(0, 6), words=None, full=False):
        self.kind = kind
        self.action = action
        self.lasting = lasting
        self.statuses = statuses
        self.words = words or (os.strerror(action),) if isinstance(action, int) else words
        self.full = full

    def __str__(self):
        action = errno.errorcode.get(self.action, self.action)
        return f'{self.kind} {action} {self.lasting}'


FAULTS = [
    Fault('alloc', errno.ENOMEM, 'once', (0, 8), MEMORY),
    Fault('alloc', errno.ENOMEM, 'on', (0, 8), MEMORY),
    Fault('thread', errno.EAGAIN, 'once', (0,)),
    Fault('thread', errno.EAGAIN, 'on', (0,)),
    Fault('map', errno.ENOMEM, 'once', (0, 8), MEMORY),
    Fault('map', errno.ENOMEM, 'on', (0, 8), MEMORY),
    Fault('read', 'short', 'once', (0,)),
    Fault('read', 'short', 'on', (0,)),
    Fault('read', 'one', 'once', (0,)),
    Fault('read', errno.EINTR, 'once', (0,)),
    Fault('read', errno.EIO, 'once'),
    Fault('read', errno.EIO, 'on', full=True),
    Fault('read', 'eof', 'once', (0, 3, 4, 6)),
    Fault('read', 'garble', 'once', ANY),
    Fault('read', 'garble', 'on', ANY, full=True),
    Fault('write', 'short', 'once', (0,)),
    Fault('write', 'short', 'on', (0,)),
    Fault('write', 'one', 'once', (0,)),
    Fault('write', errno.EINTR, 'once', (0,)),
    Fault('write', errno.ENOSPC, 'on'),
    Fault('write', errno.EDQUOT, 'on', full=True),
    Fault('write', errno.EIO, 'once'),
    Fault('open', errno.EMFILE, 'once'),
    Fault('open', errno.EACCES, 'on', full=True),
    Fault('close', errno.EDQUOT, 'once'),
    Fault('stat', errno.EIO, 'once'),
    Fault('link', errno.EIO, 'once'),
    Fault('rename', errno.EIO, 'once'),
    Fault('rename', errno.EDQUOT, 'on'),
    Fault('unlink', errno.EIO, 'once'),
    Fault('mkdir', errno.ENOSPC, 'once'),
    Fault('fsync', errno.EIO, 'once'),
    Fault('length', errno.ENOSPC, 'once', (0,)),
    Fault('folder', errno.EIO, 'once'),
    Fault('lock', errno.EWOULDBLOCK, 'once', (0,)),
    Fault('lock', errno.ENOLCK, 'on', (0,)),
    Fault('seek', errno.EIO, 'once'),
    Fault('control', errno.EIO, 'once'),
    Fault('limit', errno.EPERM, 'on', (0,)),
]

# A signal at each call, for runs that write files.
SIGNALS = [
    Fault('each', 'term', 'once', (-signal.SIGTERM,)),
    Fault('each', 'twice', 'once', (-signal.SIGTERM, -signal.SIGHUP)),
]

# A fault at each byte written.
CLOSED = Fault('write', f'@{errno.EPIPE}', 'on', (0,))
FULL = Fault('write', f'@{errno.ENOSPC}', 'on', (6,), (os.strerror(errno.ENOSPC),))


def make_models(folder):
    def make(name, *tensors):
        subprocess.run([sys.executable, os.path.join(TESTS, 'lib', 'make_model.py'),
                        os.path.join(folder, name), *tensors], check=True)
    make('m.gguf', 'blk.0.q:q4_k:2x512', 'blk.0.k:q6_k:1x256', 'norm:f32:40', 'ids:i32:3x5',
         'odd name/\x1b[2J:f16:4')
    make('m-old.gguf', 'blk.0.q:q5_k:2x512', 'blk.0.k:q5_k:1x256', 'norm:f16:40', 'ids:i32:3x5',
         'odd name/\x1b[2J:f32:4')
    make('plain.gguf', 'norm:f32:400', 'scale:f16:8x8')
    make('large.gguf', 'large:q8_0:1024x1024')
    for name, other in ('several.gguf', 'q8_0'), ('several-old.gguf', 'q5_0'):
        make(name, *(f't{n}:{other}:{64 << n % 3}x1024' for n in range(6)))
    for n in 1, 2, 3:
        shutil.copy(os.path.join(DATA, 'gguf', 'good', f'split-0000{n}-of-00003.gguf'), folder)
    with open(os.path.join(folder, 'names'), 'w') as f:
        f.write('blk.*\nnorm\nids\n')


def contents(folder):
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with open(path, 'rb') as f:
                found[os.path.relpath(path, folder)] = f.read()
    return found


class Runner:
    def __init__(self, program, shim, folder):
        os.mkdir(folder)
        make_models(folder)
        self.program = os.path.abspath(program)
        self.shim = os.path.abspath(shim)
        self.folder = folder
        self.log = os.path.join(folder, 'log')
        self.work = os.path.join(folder, 'work')
        self.n_runs = 0
        self.n_faults = 0
        self.failures = []
        self.met = set()  # faults that occurred
        self.old = {}  # files that are replaced

    def run(self, command, fault=None, n=0):
        """Returns exit status, stdout, stderr, files, the number of calls, and how many of them failed."""
        name, words, also = command
        if name not in SANDBOXED:
            words += ' --no-sandbox'
        shutil.rmtree(self.work, ignore_errors=True)
        os.mkdir(self.work)
        for path, content in self.old.items():
            path = os.path.join(self.work, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'wb') as f:
                f.write(content)
        with open(self.log, 'wb') as f:
            f.write(bytes(16))
        env = {'PATH': os.environ['PATH'], 'LC_ALL': 'C', 'DQ_FAULT_LOG': self.log,
               **preloaded(self.shim), 'DQ_FAULT_ALSO': also}
        if fault:
            env['DQ_FAULT'] = f'{fault.kind}:{n}:{fault.action}:{fault.lasting}'
        with open(os.path.join(self.folder, 'stderr'), 'w+b') as err:
            read_end, write_end = os.pipe()
            try:
                child = subprocess.Popen([self.program, *shlex.split(words)], cwd=self.work, env=env,
                                         stdin=subprocess.DEVNULL, stdout=write_end, stderr=err)
            finally:
                os.close(write_end)
            with os.fdopen(read_end, 'rb') as pipe:
                try:
                    status = child.wait(timeout=PATIENCE)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
                    status = None
                out = pipe.read()
            err.seek(0)
            said = err.read()
        with open(self.log, 'rb') as f:
            calls, failed = struct.unpack('<QQ', f.read(16))
        self.n_runs += 1
        self.n_faults += failed > 0
        return status, out, said, contents(self.work), calls, failed

    def wrong(self, command, fault, good, result):
        """What is wrong with a run, in words, or None."""
        status, out, said, files, _, _ = result
        _, good_out, good_said, good_files, _, _ = good
        if status is None:
            return 'hangs'
        statuses = fault.statuses
        if fault.action == errno.EINTR and command[0] in STREAMS:
            statuses = (0, 6)
        if status not in statuses:
            return f'exit {status}'
        if any(name.endswith('.tmp') for name in files):
            return 'leaves a temporary file'
        # If the model was read differently, its arrays differ.
        alike = fault.action not in ('garble', 'eof')
        for name, content in files.items():
            if alike and content not in (good_files.get(name), self.old.get(name)) and name != 'm.json':
                return f'{name} is wrong'
        leader = REPLACES.get(command[0], (None, None))[1]
        if alike and leader in files and files not in (good_files, self.old):
            return 'leaves a mix of two sets'
        if command[0] in SETS and fault.action != 'twice' and 0 < len(files) < len(good_files):
            return 'leaves a part of the set'
        if status == 0:
            if said != good_said:
                return 'says something although all is well'
            if alike and set(files) != set(good_files):
                return 'lacks files'
            if alike and command[0] not in LOOSE and fault is not CLOSED and out != good_out:
                return 'prints something else'
        elif status < 0 or status == 1:  # a check prints what it found
            if said:
                return 'says something'
        elif said.count(b'\n') != 1 or not said.startswith(b'gguf-dq: '):
            return 'does not say one line'
        elif fault.words and not any(word.encode() in said for word in fault.words):
            return 'does not say the truth'
        if fault is CLOSED and not good_out.startswith(out):
            return 'prints something else before the end'
        return None

    def judge(self, command, fault, n, good, result):
        wrong = self.wrong(command, fault, good, result)
        if wrong:
            self.failures.append(f'{command[0]}: {fault}, n = {n}: {wrong}; exit {result[0]}, '
                                 f'{result[2]!r}, {sorted(result[3])}')

    def inject(self, command, fault, good):
        n = 1
        while True:
            result = self.run(command, fault, n)
            if result[5] == 0:
                break
            self.judge(command, fault, n, good, result)
            self.met.add(str(fault))
            if command[0] == 'durable' and fault.kind == 'fsync' and len(result[3]) != NAMED[n - 1]:
                self.failures.append(f'{command[0]}: {fault}, n = {n}: {sorted(result[3])} are there')
            n += 1
        if command[0] == 'durable' and fault.kind == 'fsync' and n - 1 != len(NAMED):
            self.failures.append(f'{command[0]}: {n - 1} calls of fsync, not {len(NAMED)}')

    def inject_at_bytes(self, command, fault, good, length, most):
        for n in range(0, length, max(1, length // most)):
            self.judge(command, fault, n, good, self.run(command, fault, n))

    def inject_all(self, command, kind, full):
        if command[0] in REPLACES:
            self.old = self.run((command[0], REPLACES[command[0]][0], ''))[3]
        good = self.run(command)
        if command[0] in REPLACES and (set(self.old) != set(good[3]) or self.old == good[3]):
            sys.exit(f'{command[0]}: {sorted(self.old)} are not replaced')
        if good[0] != 0:
            sys.exit(f'{command[0]}: exit {good[0]}, {good[2]!r}')
        for fault in FAULTS + (SIGNALS if good[3] else []):
            if command[0] == 'sandboxed' and fault.kind == 'alloc':
                continue
            if kind in (None, fault.kind) and (full or not fault.full):
                self.inject(command, fault, good)
        if kind in (None, 'bytes') and command[0] not in LOOSE:
            printed, stored = len(good[1]), sum(map(len, good[3].values()))
            if printed and not stored:
                self.inject_at_bytes(command, CLOSED, good, printed, printed if full else 30)
            self.inject_at_bytes(command, FULL, good, printed + stored, 3000 if full else 30)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('program')
    parser.add_argument('shim')
    parser.add_argument('--full', action='store_true')
    parser.add_argument('--only')
    parser.add_argument('--kind')
    args = parser.parse_args()
    commands = [c for c in COMMANDS if args.only in (None, c[0])]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(max_workers=3) as pool:
        runners = [Runner(args.program, args.shim, os.path.join(folder, c[0])) for c in commands]
        list(pool.map(lambda r, c: r.inject_all(c, args.kind, args.full), runners, commands))
    failures = [line for r in runners for line in r.failures]
    met = set().union(*(r.met for r in runners))
    if args.only is None and args.kind is None:
        failures += [f'{f}: no call of that kind' for f in FAULTS
                     if str(f) not in met and (args.full or not f.full)]
    print(f'{sum(r.n_runs for r in runners)} runs, {sum(r.n_faults for r in runners)} with a fault, '
          f'{len(failures)} wrong')
    for line in failures[:200]:
        print(line)
    sys.exit(1 if failures else 0)


if __name__ == '__main__':
    main()
