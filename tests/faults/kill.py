#!/usr/bin/env python3
"""End runs by signals at random moments, single runs and several at once in one folder.

Usage: kill.py PROGRAM [--signals N] [--seed N]

Whenever a run ends, each output is complete and right, or absent. Only SIGKILL may leave a temporary
file, which the next run into the folder removes. Runs do not affect one another.
"""
import argparse
import glob
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PATIENCE = 60
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]
CROWD = 8

# The arguments before the model, and whether existing files make the run end with status 6.
WAYS = [
    ('extract -q --force -o out/', False),
    ('extract -q --force -j2 -o out/ --manifest out/m.json', False),
    ('extract -q --force --fsync -o out/', False),
    ('extract -q --skip-existing -o out/ --manifest m.json', False),
    ('extract -q -o out/', True),
    ('extract -q --force -o one.npy -t t0', False),
]


def has_own_signals():
    """Resets signals that a shell without job control sets to be ignored in background commands."""
    for number in SIGNALS[:3]:
        signal.signal(number, signal.SIG_DFL)


class Place:
    def __init__(self, program, folder):
        self.program = os.path.abspath(program)
        self.folder = folder
        self.wrong = []
        self.n_sent = 0
        self.n_met = 0
        self.n_left = 0
        subprocess.run([sys.executable, os.path.join(TESTS, 'lib', 'make_model.py'),
                        os.path.join(folder, 'm.gguf'),
                        *(f't{n}:q8_0:{256 << n % 3}x1024' for n in range(8))], check=True)
        start = time.monotonic()
        status, said = self.end(self.start(WAYS[0][0]))
        self.duration = time.monotonic() - start
        if status != 0:
            sys.exit(f'exit {status}, {said!r}')
        self.good = self.contents('out')
        self.good['one.npy'] = self.good['t0.npy']
        shutil.rmtree(os.path.join(folder, 'out'))

    def start(self, way):
        return subprocess.Popen([self.program, *way.split(), 'm.gguf'], cwd=self.folder,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, preexec_fn=has_own_signals)

    def end(self, child):
        try:
            said = child.communicate(timeout=PATIENCE)[1]
        except subprocess.TimeoutExpired:
            child.kill()
            said = child.communicate()[1] + b'(hangs)'
            self.wrong.append('hangs')
        return child.returncode, said

    def contents(self, below):
        found = {}
        for name in os.listdir(os.path.join(self.folder, below)):
            if name.endswith('.npy'):
                with open(os.path.join(self.folder, below, name), 'rb') as f:
                    found[name] = f.read()
        return found

    def left_over(self):
        return list(map(str, pathlib.Path(self.folder).rglob('.gguf-dq-*.tmp')))

    def check(self, what):
        """Each file that exists has its full content."""
        for below in '.', 'out':
            if os.path.isdir(os.path.join(self.folder, below)):
                for name, content in self.contents(below).items():
                    if self.good[name] != content:
                        self.wrong.append(f'{what}: {name} is wrong')
        for name in 'm.json', 'out/m.json':
            path = os.path.join(self.folder, name)
            if os.path.exists(path):
                with open(path, encoding='utf-8') as f:
                    try:
                        json.load(f)
                    except ValueError as error:
                        self.wrong.append(f'{what}: {name}: {error}')

    def clear(self, r):
        """Removes none, some or all of the files before the next run."""
        for path in glob.glob(os.path.join(self.folder, 'out', '*.npy')) + \
                glob.glob(os.path.join(self.folder, 'out', '*.json')):
            if r.random() < 0.7:
                os.remove(path)

    def send(self, child, number):
        self.n_sent += 1
        if child.poll() is None:
            self.n_met += 1
            child.send_signal(number)

    def judge(self, what, way, sent, status, said):
        """Checks how a run ended: normally, or by one of the signals."""
        if status in [-number for number in sent]:
            return
        refused = b': exists; ' in said or b': File exists' in said
        if status != 0 and not (status == 6 and way[1] and refused):
            self.wrong.append(f'{what}: exit {status}, {said!r}')

    def alone(self, r, n):
        way = WAYS[r.randrange(len(WAYS))]
        numbers = [r.choice(SIGNALS)]
        if r.random() < 0.2:
            numbers.append(r.choice(SIGNALS[:3]))
        what = f'{n}: {way[0]}, {[s.name for s in numbers]}'
        before = set(self.left_over())
        child = self.start(way[0])
        time.sleep(r.random() ** 1.5 * self.duration)
        for number in numbers:
            self.send(child, number)
            time.sleep(r.random() * 0.002)
        status, said = self.end(child)
        self.judge(what, way, numbers, status, said)
        left = set(self.left_over()) - before
        self.n_left += len(left)
        if left and signal.SIGKILL not in numbers:
            self.wrong.append(f'{what}: exit {status} and leaves {left}')
        self.check(what)

    def crowd(self, r, n):
        """Several runs at once; those that are ended must not affect the others."""
        what = f'{n}: several at once'
        ways = [WAYS[r.randrange(len(WAYS))] for _ in range(CROWD)]
        children = [self.start(way[0]) for way in ways]
        time.sleep(r.random() * self.duration)
        sent = [[] for _ in range(CROWD)]
        for i in r.sample(range(CROWD), CROWD // 2):
            sent[i].append(r.choice(SIGNALS))
            self.send(children[i], sent[i][0])
            time.sleep(r.random() * 0.2 * self.duration)
        ends = [self.end(child) for child in children]
        for way, numbers, (status, said) in zip(ways, sent, ends):
            self.judge(f'{what}: {way[0]}', way, numbers, status, said)
        self.n_left += len(self.left_over())
        self.check(what)

    def clean(self, what):
        """An undisturbed run removes temporary files that others left in its folder."""
        for way in WAYS[0], WAYS[5]:
            status, said = self.end(self.start(way[0]))
            if status != 0 or said:
                self.wrong.append(f'{what}: exit {status}, {said!r}')
        if self.left_over():
            self.wrong.append(f'{what}: {self.left_over()} are not removed')
        self.check(what)
        if self.contents('out') != {k: v for k, v in self.good.items() if k != 'one.npy'}:
            self.wrong.append(f'{what}: files are missing')


def main():
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)  # ignored in background jobs and under nohup
    parser = argparse.ArgumentParser()
    parser.add_argument('program')
    parser.add_argument('--signals', type=int, default=100)
    parser.add_argument('--seed', type=int, default=1)
    args = parser.parse_args()
    r = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        place = Place(args.program, folder)
        n = 0
        while place.n_sent < args.signals:
            (place.crowd if n % 12 == 11 else place.alone)(r, n)
            if n % 10 == 9:
                place.clean(f'{n}: an undisturbed run')
            place.clear(r)
            n += 1
        place.clean('at the end')
    print(f'seed {args.seed}: {place.n_sent} signals, {place.n_met} while it ran, '
          f'{place.n_left} temporary files left by SIGKILL, {len(place.wrong)} wrong')
    for line in place.wrong[:100]:
        print(line)
    if place.n_left == 0:
        sys.exit('SIGKILL left nothing, so that nothing was shown')
    sys.exit(1 if place.wrong else 0)


if __name__ == '__main__':
    main()
