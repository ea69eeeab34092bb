#!/usr/bin/env python3
"""Run gguf-dq over the files of data/gguf and compare with expected.json, expected.csv and check.csv.

Usage: check_corpus.py GGUF-DQ DATA [good|bad]

Set GGUF_DQ_SANITIZED if the program is built with a sanitizer: memory and time are not checked then.
"""
import array
import csv
import functools
import hashlib
import json
import os
import re
import signal
import string
import subprocess
import sys
import tempfile
import unicodedata

MOST_SECONDS = 1  # on a slow machine more: MOST_STARTS times what it takes to print the version
MOST_STARTS = 100
MOST_KIB = 64 << 10
MEASURED = not os.environ.get('GGUF_DQ_SANITIZED')
ITEM_BYTES = {'f32': 4, 'f16': 2, 'bf16': 2}
QUIET_NAN = {'f32': 0x7fc00000, 'f16': 0x7e00, 'bf16': 0x7fc0}
INFINITY = {'f32': 0x7f800000, 'f16': 0x7c00, 'bf16': 0x7f80}
ITEM_CODE = {2: 'H', 4: 'I'}
SPELLED = {'\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r'}
MARKS = '\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff'
CRASHES = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL}


@functools.lru_cache
def start_seconds(program):
    """The shortest CPU time of a run that does nothing."""
    def once():
        before = os.times()
        subprocess.run([program, '--version'], stdout=subprocess.DEVNULL, check=True)
        after = os.times()
        return (after.children_user - before.children_user + after.children_system -
                before.children_system)
    return min(once() for _ in range(5))


class Run:
    """One run of the program: its output, exit status, time and memory."""

    def __init__(self, program, *args):
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            self.program = program
            child = subprocess.Popen([program, *args], stdin=subprocess.DEVNULL, stdout=out,
                                     stderr=err)
            _, status, usage = os.wait4(child.pid, 0)
            self.seconds = usage.ru_utime + usage.ru_stime  # the machine may be busy
            self.status = child.returncode = os.waitstatus_to_exitcode(status)
            self.kib = usage.ru_maxrss
            out.seek(0)
            err.seek(0)
            self.out = out.read()
            self.err = err.read().decode(errors='backslashreplace')
        self.words = ' '.join(map(repr, args))

    def problems(self, status, silent=False):
        """What is wrong with the run, whose exit status is to be `status`. One that fails tells why on
        stderr, and one that is to be silent writes nothing there."""
        found = []
        if -self.status in CRASHES:
            found.append(f'died by {signal.Signals(-self.status).name}')
        elif self.status != status:
            found.append(f'exit status {self.status}, not {status}')
        lines = self.err.splitlines()
        if silent and lines:
            found.append(f'says {lines}')
        elif status != 0 and not lines and not silent:
            found.append('says nothing')
        found += [f'stderr: {line!r}' for line in lines if not line.startswith('gguf-dq: ')]
        if (MEASURED and self.seconds > MOST_SECONDS and
                self.seconds > MOST_STARTS * start_seconds(self.program)):
            found.append(f'took {self.seconds:.1f} s')
        if MEASURED and self.kib > MOST_KIB:
            found.append(f'took {self.kib} KiB')
        return [f'{self.words}: {problem}' for problem in found]


def plain_nan(data, dtype):
    """The data with every NaN replaced by the quiet one, and the number of NaNs."""
    items = array.array(ITEM_CODE[ITEM_BYTES[dtype]], data)
    if sys.byteorder == 'big':
        items.byteswap()
    sign = 1 << 8 * items.itemsize - 1
    count = 0
    for i, bits in enumerate(items):
        if bits & sign - 1 > INFINITY[dtype]:
            items[i] = QUIET_NAN[dtype]
            count += 1
    if sys.byteorder == 'big':
        items.byteswap()
    return items.tobytes(), count


def round_to_bf16(data):
    """f32 to bf16, rounded to nearest even; `data` has only the quiet NaN."""
    items = array.array('I', data)
    if sys.byteorder == 'big':
        items.byteswap()
    rounded = array.array('H')
    for bits in items:
        if bits == QUIET_NAN['f32']:
            rounded.append(QUIET_NAN['bf16'])
            continue
        upper, lower = divmod(bits, 1 << 16)
        rounded.append(upper + (lower > 0x8000 or lower == 0x8000 and upper & 1))
    if sys.byteorder == 'big':
        rounded.byteswap()
    return rounded.tobytes()


def weights(tensor):
    count = 1
    for dim in tensor['dims']:
        count *= dim
    return count


def file_name(name):
    """The expected name of a tensor's file."""
    letters = (string.ascii_letters + string.digits + '._-').encode()
    shown = ''
    for i, byte in enumerate(name.encode()):
        plain = byte in letters and not (i == 0 and byte in b'.-')
        shown += chr(byte) if plain else f'%{byte:02X}'
    return (shown or '%') + '.raw'


def shown(name):
    """The name as every report shows it."""
    if not name:
        return '\\&'
    text = ''
    for letter in name:
        hidden = unicodedata.category(letter) == 'Cc' or letter in MARKS
        text += SPELLED.get(letter) or (
            ''.join(f'\\x{byte:02x}' for byte in letter.encode()) if hidden else letter)
    return text


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Good:
    """Checks one valid model."""

    def __init__(self, program, path, facts, tensors):
        self.program, self.path, self.facts, self.tensors = program, path, facts, tensors
        self.failures = []

    def fail(self, words):
        self.failures.append(f'{self.path}: {words}')

    def run(self, command, *args):
        made = Run(self.program, command, *args, self.path)
        self.failures += made.problems(0)
        return made

    def check_listing(self):
        self.run('list', '--meta')
        run = self.run('list', '--json', '--meta')
        if run.status != 0:
            return
        listed = json.loads(run.out)
        for key in ('version', 'endian', 'alignment'):
            if listed[key] != self.facts[key]:
                self.fail(f'{key} {listed[key]!r}, not {self.facts[key]!r}')
        if len(listed['metadata']) != self.facts['metadata']:
            self.fail(f"{len(listed['metadata'])} pairs, not {self.facts['metadata']}")
        got = [(t['name'], t['type'].lower(), t['shape'][::-1], t['offset'], t['bytes'],
                t['weights'], t['problem']) for t in listed['tensors']]
        due = [(shown(name), t['type'], t['dims'], t['offset'], t['bytes'], weights(t), None)
               for name, t in self.tensors]
        if got != due:
            self.fail(f'tensors differ: {[pair for pair in zip(got, due) if pair[0] != pair[1]]}')

    def extract(self, dtype):
        """Extracts all tensors through a pipe. Returns the data of each."""
        run = self.run('extract', '-q', '-f', 'raw', '-d', dtype, '-o', '-')
        parts = []
        begin = 0
        for _, tensor in self.tensors:
            size = tensor['bytes'] if dtype == 'native' else weights(tensor) * ITEM_BYTES[dtype]
            parts.append(run.out[begin:begin + size])
            begin += size
        if begin != len(run.out):
            self.fail(f'{dtype}: {len(run.out)} bytes, not {begin}')
        return parts

    def check_data(self):
        parts = {dtype: self.extract(dtype) for dtype in ('native', 'f32', 'f16', 'bf16')}
        for i, (name, tensor) in enumerate(self.tensors):
            f32, nan = plain_nan(parts['f32'][i], 'f32')
            f16, _ = plain_nan(parts['f16'][i], 'f16')
            bf16, _ = plain_nan(parts['bf16'][i], 'bf16')
            if digest(parts['native'][i]) != tensor['raw']:
                self.fail(f'{name!r}: other stored bytes')
            if digest(f32) != tensor['f32']:
                self.fail(f'{name!r}: other f32 weights')
            if nan != tensor['nan']:
                self.fail(f"{name!r}: {nan} weights are NaN, not {tensor['nan']}")
            if digest(f16) != tensor['f16']:
                self.fail(f'{name!r}: other f16 weights')
            if bf16 != round_to_bf16(f32):
                self.fail(f'{name!r}: other bf16 weights')
        return parts['f32']

    def check_files(self, parts):
        """Extracts each tensor again, to a file of its own with the expected name."""
        names = [file_name(name) for name, _ in self.tensors]
        if len({name.lower() for name in names}) != len(names):
            return  # refused, which a command-line case tests
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, 'out', '')
            self.run('extract', '-q', '-f', 'raw', '-d', 'f32', '-o', out)
            if sorted(os.listdir(out) if names else []) != sorted(names):
                self.fail(f'files {sorted(os.listdir(out))}, not {sorted(names)}')
                return
            for name, data in zip(names, parts):
                with open(os.path.join(out, name), 'rb') as f:
                    if f.read() != data:
                        self.fail(f'{name}: not what went through the pipe')


def read_rows(folder, name):
    with open(os.path.join(folder, name), encoding='utf-8', newline='') as f:
        return list(csv.DictReader(f))


def check_diagnostics(program, path, due, listed, *options):
    """`check` names the rules that are due, as often as they are broken, in every form of its report,
    and agrees with `list --json`."""
    run = Run(program, 'check', '--json', *options, path)
    report = json.loads(run.out)
    diagnostics = report['diagnostics']
    errors = [d for d in diagnostics if d['level'] == 'error']
    status = 1 if errors else 0
    failures = run.problems(status, silent=True)
    found = ' '.join(d['rule'] for d in diagnostics)
    if found != due:
        failures.append(f'{path}: check {options} finds {found!r}, not {due!r}')
    counts = (len(errors), len(diagnostics) - len(errors), 'malformed' if errors else 'sound', None)
    if (report['errors'], report['notes'], report['verdict'], report['error']) != counts:
        failures.append(f'{path}: check {options} reports {report}')
    lines = Run(program, 'check', '--jsonl', *options, path)
    text = Run(program, 'check', *options, path)
    quiet = Run(program, 'check', '-q', *options, path)
    for other in lines, text, quiet:
        failures += other.problems(status, silent=True)
    if [json.loads(line) for line in lines.out.splitlines()] != diagnostics:
        failures.append(f'{path}: check --jsonl {options} is not --json')
    printed = text.out.decode().splitlines()[:-1]
    if [(s.split()[0], s.split('[')[-1]) for s in printed] != [(d['level'], d['rule'] + ']') for d in
                                                                diagnostics]:
        failures.append(f'{path}: check {options} prints {printed}')
    printed_errors = [s.removeprefix('error  ') for s in printed if s.startswith('error')]
    one_line = [f'{path}: {len(errors)} error' + ('s, the first: ' if len(errors) > 1 else ': ') + s
                for s in printed_errors[:1]]
    if quiet.out.decode().splitlines() != one_line:
        failures.append(f'{path}: check -q {options} prints {quiet.out}')
    if not options:
        failures += check_agreement(path, errors, listed)
    return failures


def check_agreement(path, errors, listed):
    """`check` reports an error for exactly the files that `list` refuses, and for the sets and tensors of
    the others that `list` warns of or refuses."""
    if listed.status == 3:
        return [] if errors else [f'{path}: check finds no error, and list refuses the file']
    report = json.loads(listed.out)
    refused = {t['name'] for t in report['tensors']
               if t['problem'] and not t['problem'].startswith('the file ends before its data')}
    named = {f['tensor'] for f in errors} - {None}
    failures = []
    if named != refused:
        failures.append(f'{path}: check names {named}, and list refuses {refused}')
    cut = any(t['problem'] for t in report['tensors'] if t['name'] not in refused)
    of_set = [f for f in errors if f['rule'] == 'split-duplicate' or
              f['tensor'] is None and f['rule'] != 'file-cut']
    if cut != ('file-cut' in {f['rule'] for f in errors}) or bool(of_set) != bool(report['warning']):
        failures.append(f'{path}: check reports {errors}, and list warns: {report["warning"]}')
    return failures


def check_good(program, data):
    folder = os.path.join(data, 'gguf', 'good')
    with open(os.path.join(folder, 'expected.json'), encoding='utf-8') as f:
        expected = json.load(f)
    files = expected['files']
    there = {name for name in os.listdir(folder) if name.endswith('.gguf')}
    failures = [f'{name}: not in expected.json, or not there' for name in there ^ set(files)]
    sets = {name: members for members in expected['split_sets'] for name in members}
    rules = {row['file']: row for row in read_rows(folder, 'check.csv')}
    failures += [f'{name}: not in check.csv, or not there' for name in there ^ set(rules)]
    for name in sorted(there & set(files) & set(rules)):
        members = sets.get(name, [name])
        tensors = [pair for member in members for pair in files[member]['tensors'].items()]
        good = Good(program, os.path.join(folder, name), files[members[0]], tensors)
        good.check_listing()
        good.check_files(good.check_data())
        failures += good.failures
        listed = Run(program, 'list', '--json', good.path)
        row = rules[name]
        failures += check_diagnostics(program, good.path, row['check'], listed)
        failures += check_diagnostics(program, good.path, row['values'], listed, '--values')
    return len(there), failures


def unclear(run, path):
    """What is wrong with the message of a refusal: it has to be one line and name the file."""
    lines = run.err.splitlines()
    place = os.path.dirname(path) if 'split_' in path else path
    if len(lines) != 1 or place not in run.err:
        return [f'{run.words}: not one line that names the file: {lines}']
    return []


def check_table(folder):
    """The files in the table of incidents exist, and no other file has a name of that kind."""
    with open(os.path.join(folder, os.pardir, 'README.md'), encoding='utf-8') as f:
        text = f.read()
    incidents = text[text.index('## Incidents'):]
    named = set(re.findall(r'`((?:good|bad)/[^`]+)`', incidents))
    failures = [f'{name}: named in README.md and not there' for name in sorted(named)
                if not os.path.exists(os.path.join(folder, os.pardir, name))]
    basenames = {os.path.basename(name) for name in named}
    failures += [f'{name}: not in the table of incidents of README.md'
                 for name in sorted(os.listdir(folder)) if re.search(r'_\d{2,}_', name)
                 and re.match('cve|ghsa|llama|ollama|openvino|mlx|gguf_', name)
                 and name not in basenames]
    if len(named) < 30:
        failures.append(f'only {len(named)} files in the table of incidents')
    return failures


def check_bad(program, data):
    folder = os.path.join(data, 'gguf', 'bad')
    rows = read_rows(folder, 'expected.csv')
    named = {row['file'] for row in rows}
    tops = {name.split('/')[0] for name in named}
    there = set(os.listdir(folder)) - {'expected.csv'}
    failures = [f'{name}: not in expected.csv, or not there' for name in there ^ tops]
    failures += check_table(folder)
    for row in rows:
        path = os.path.join(folder, row['file'])
        due = int(row['exit_extract'])
        text = Run(program, 'list', path)
        failures += text.problems(int(row['exit_list']))
        failures += Run(program, 'list', '--meta', path).problems(int(row['exit_list']))
        if text.status != 0:
            failures += unclear(text, path)
        failures += Run(program, 'verify', '--device', 'cpu', path).problems(due)
        listed = Run(program, 'list', '--json', '--meta', path)
        failures += listed.problems(int(row['exit_list']))
        failures += check_diagnostics(program, path, row['check'], listed)
        with tempfile.TemporaryDirectory() as scratch:
            out = os.path.join(scratch, 'out', '')
            failures += Run(program, 'extract', '-o', out, path).problems(due)
            if due != 0 and os.listdir(scratch):
                failures.append(f'{path}: extract failed and left files behind')
            failures += Run(program, 'extract', '-k', '--force', '-o', out, path).problems(due)
            failures += check_kept(path, listed, out)
    return len(rows), failures


def check_kept(path, listed, out):
    """--keep-going writes one file for each usable tensor of known type."""
    if listed.status != 0:
        return [f'{path}: --keep-going left a folder'] if os.path.exists(out) else []
    sound = [t for t in json.loads(listed.out)['tensors'] if t['type'] and not t['problem']]
    written = os.listdir(out) if os.path.exists(out) else []
    if len(written) != len(sound) or not all(name.endswith('.npy') for name in written):
        return [f'{path}: --keep-going wrote {written}, sound are {[t["name"] for t in sound]}']
    return []


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    program, data = sys.argv[1:3]
    checks = {'good': check_good, 'bad': check_bad}
    failed = False
    for name in sys.argv[3:] or checks:
        count, failures = checks[name](program, data)
        for failure in failures:
            print(failure)
        print(f'{name}: {count} files, {len(failures)} failures')
        failed |= bool(failures) or count == 0
    sys.exit(failed)


if __name__ == '__main__':
    main()
