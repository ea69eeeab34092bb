#!/usr/bin/env python3
"""Truncate a model at many places, like an interrupted download, and check what can be extracted.

Usage: check_cut.py GGUF-DQ

A model truncated in its header is refused. One truncated in its data is listed: complete tensors, and
the complete rows of the first that is not, can be extracted and are equal bit for bit; one line tells of
the others.
"""
import json
import os
import random
import re
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, 'lib'))
import gguf_writer  # noqa: E402

TENSORS = [('embd', 'q4_k', [256, 3]), ('norm', 'f32', [33]), ('up', 'q8_0', [64, 4]),
           ('bias', 'i8', [5]), ('down', 'bf16', [16, 2])]
PAIRS = [('general.architecture', 'str', 'test'), ('some.list', '[str]', ['a', 'bc', '']),
         ('general.alignment', 'u32', 32)]


class Cutter:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.failures = []
        rng = random.Random('cut')
        tensors = [(name, kind, dims, rng.randbytes(gguf_writer.tensor_bytes(kind, dims)))
                   for name, kind, dims in TENSORS]
        self.tensors = tensors
        self.whole = gguf_writer.model(PAIRS, tensors)
        head = gguf_writer.head(PAIRS, tensors)
        self.data_off = len(head)
        self.ends = {}  # of each tensor's data
        end = self.data_off
        for name, _, _, data in tensors:
            last = struct.pack('<Q', end - self.data_off)  # the last one in the header
            self.ends[name] = end + len(data)
            end = self.ends[name] + len(gguf_writer.pad(len(data)))
        self.head_len = head.rindex(last) + len(last)

    def fail(self, words):
        self.failures.append(words)

    def run(self, *args):
        done = subprocess.run([self.program, *args], cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        return done.returncode, done.stdout, done.stderr.decode()

    def write(self, name, data):
        with open(os.path.join(self.folder, name), 'wb') as f:
            f.write(data)

    def read(self, *path):
        with open(os.path.join(self.folder, *path), 'rb') as f:
            return f.read()

    def folder_of(self, length):
        return f'out-{length}'

    def check_refused(self, length):
        """The whole file is refused: one line that says where it ends, and no output."""
        self.write('cut.gguf', self.whole[:length])
        out = self.folder_of(length)
        for args in (['list'], ['extract', '-k', '-o', out + '/']):
            status, text, words = self.run(*args, 'cut.gguf')
            if status != 3 or text or words.count('\n') != 1 or 'cut.gguf: ' not in words:
                self.fail(f'{length} bytes: {args[0]} says {status}, {text!r}, {words!r}')
            elif length >= 4 and not re.search(r'\(offset \d+\)', words):
                self.fail(f'{length} bytes: no place in {words!r}')
        if os.path.exists(os.path.join(self.folder, out)):
            self.fail(f'{length} bytes: a folder was made')

    def check_listed(self, length, whole, cut):
        status, text, words = self.run('list', '--json', 'cut.gguf')
        if status != 0 or words:
            self.fail(f'{length} bytes: list says {status}, {words!r}')
            return
        problems = {t['name']: t['problem'] for t in json.loads(text)['tensors']}
        if any(problems[name] for name in whole):
            self.fail(f'{length} bytes: whole tensors are refused: {problems}')
        if not all('the file ends before its data' in (problems[name] or '') for name in cut):
            self.fail(f'{length} bytes: cut tensors are not reported: {problems}')
        status, text, _ = self.run('check', '--json', 'cut.gguf')
        errors = [d for d in json.loads(text)['diagnostics'] if d['level'] == 'error']
        if [d['rule'] for d in errors] != ['file-cut'][:len(cut)] or status != bool(cut):
            self.fail(f'{length} bytes: check says {status}, {errors}')
        for name in cut:
            self.check_rows(length, name, problems[name])

    def check_named(self, length, words, cut):
        """One line tells of all."""
        end = max(self.ends.values())
        lie = 'lies' if len(cut) == 1 else 'lie'
        line = (f'gguf-dq: cut.gguf: file ends before the data of its tensors: expected {end} bytes, found '
                f"{length}: {len(cut)} of {len(self.ends)} tensors {lie} beyond, from '{cut[0]}' on (offset ")
        if sum('cut.gguf: ' in s for s in words.splitlines()) != 1 or line not in words:
            self.fail(f'{length} bytes: {cut} are not named: {words!r}')

    def check_rows(self, length, name, problem):
        """As many rows of a tensor can be taken as the problem says, and no more."""
        found = re.search(r"; '(.*)\[:(\d+)\]' can be taken$", problem)
        rows = int(found[2]) if found else 0
        _, _, dims, data = next(t for t in self.tensors if t[0] == name)
        there = max(0, length - (self.ends[name] - len(data)))
        if rows != there * dims[-1] // len(data):
            self.fail(f'{length} bytes: {rows} rows of {name!r} for {there} of {len(data)} bytes: {problem}')
        status, text, words = self.run('extract', '-f', 'raw', '-o', '-', 'cut.gguf', f'{name}[:{rows}]')
        if status != 0 or text != self.raw[name][:len(self.raw[name]) * rows // dims[-1]]:
            self.fail(f'{length} bytes: {rows} rows of {name!r}: {status}, {words!r}')
        status, text, _ = self.run('extract', '-f', 'raw', '-o', '-', 'cut.gguf', f'{name}[{rows}]')
        if status != 3 or text:
            self.fail(f'{length} bytes: row {rows} of {name!r}: {status}, {len(text)} bytes')

    def check_data(self, length):
        self.write('cut.gguf', self.whole[:length])
        whole = [name for name in self.ends if self.ends[name] <= length]
        cut = [name for name in self.ends if self.ends[name] > length]
        self.check_listed(length, whole, cut)
        out = self.folder_of(length)
        status, _, words = self.run('extract', '-k', '-o', out + '/', 'cut.gguf')
        if status != (3 if cut else 0):
            self.fail(f'{length} bytes: --keep-going ends with {status}')
        if cut:
            self.check_named(length, words, cut)
        path = os.path.join(self.folder, out)
        written = sorted(os.listdir(path)) if os.path.exists(path) else []
        if written != sorted(f'{name}.npy' for name in whole):
            self.fail(f'{length} bytes: --keep-going wrote {written}, whole are {whole}')
            return
        for name in whole:
            if self.read(out, f'{name}.npy') != self.read('all', f'{name}.npy'):
                self.fail(f'{length} bytes: {name!r} differs from that of the whole model')
            status, text, words = self.run('extract', '-f', 'raw', '-o', '-', 'cut.gguf', name)
            if status != 0 or text != self.raw[name]:
                self.fail(f'{length} bytes: {name!r} alone: {status}, {words!r}')
        status, _, words = self.run('extract', '-o', 'none/', 'cut.gguf')
        if status != (3 if cut else 0) or cut and os.path.exists(os.path.join(self.folder, 'none')):
            self.fail(f'{length} bytes: extract of all ends with {status}')
        for name in cut:
            status, text, words = self.run('extract', '-o', '-', 'cut.gguf', name)
            if status != 3 or text:
                self.fail(f'{length} bytes: {name!r} alone: {status}, {len(text)} bytes')

    def places(self):
        """Offsets in the padding before the data, and around the beginning and end of each tensor."""
        found = {self.head_len, self.data_off}
        begin = self.data_off
        for name, kind, dims in TENSORS:
            end = self.ends[name]
            found |= {begin + 1, (begin + end) // 2, end - 1, end, min(end + 1, len(self.whole))}
            begin = end + len(gguf_writer.pad(gguf_writer.tensor_bytes(kind, dims)))
        return sorted(n for n in found if n < len(self.whole))

    def check_split_set(self):
        """If the second of two files is truncated, the tensors of the first are complete."""
        def member(number, tensors):
            pairs = [('split.no', 'u16', number), ('split.count', 'u16', 2)]
            return gguf_writer.model(pairs, tensors), len(gguf_writer.head(pairs, tensors))

        names = ['m-00001-of-00002.gguf', 'm-00002-of-00002.gguf']
        whole = {tensor[0] for tensor in self.tensors[:2]}
        self.write(names[0], member(0, self.tensors[:2])[0])
        second, data_off = member(1, self.tensors[2:])
        places = list(range(0, data_off - gguf_writer.ALIGNMENT, 7)) + [data_off, len(second) - 30]
        for length in places:
            self.write(names[1], second[:length])
            status, text, words = self.run('list', '--json', names[0])
            listed = json.loads(text)
            problems = {t['name']: t['problem'] for t in listed['tensors']}
            if length < data_off:
                warning = f"gguf-dq: warning: {listed['warning']}\n"
                if status != 0 or words != warning or f'{names[1]}: ' not in words:
                    self.fail(f'second file of {length} bytes: {status}, {words!r}')
                problems['down'] = problems.get('down') or 'the file ends before its data'
            if (any(problems[name] for name in whole) or
                    not problems['down'].startswith('the file ends before its data') and
                    problems['down'] != 'the table of tensors of its file is damaged'):
                self.fail(f'second file of {length} bytes: {problems}')
            for name in whole:
                if self.run('extract', '-f', 'raw', '-o', '-', names[0], name)[1] != self.raw[name]:
                    self.fail(f'second file of {length} bytes: {name!r} differs')
        return len(places)

    def check(self):
        self.write('whole.gguf', self.whole)
        status, _, words = self.run('extract', '-o', 'all/', 'whole.gguf')
        if status != 0:
            sys.exit(words)
        self.raw = {name: self.run('extract', '-f', 'raw', '-o', '-', 'whole.gguf', name)[1]
                    for name in self.ends}
        for length in range(self.head_len):
            self.check_refused(length)
        for length in self.places():
            self.check_data(length)
        return self.head_len + len(self.places()) + self.check_split_set()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        cutter = Cutter(os.path.abspath(sys.argv[1]), folder)
        n = cutter.check()
    for failure in cutter.failures[:20]:
        print(failure)
    print(f'{n} cuts, {len(cutter.failures)} failures')
    sys.exit(bool(cutter.failures) or n < 100)


if __name__ == '__main__':
    main()
