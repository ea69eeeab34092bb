#!/bin/sh
# meson: timeout=600
# What any report prints as the name of a tensor selects that very tensor when it is given back: as an
# argument, in a file, from standard input, and as bytes with --null.
"$PYTHON" - <<'END'
import gguf_writer
names = [b'', b'plain', b'\xff', b'\\xff', b'\\\\xff', b'a\nb', b'a\\nb', b'a\\\\nb', b'\\&', b'&', b'*',
         b'?[x]', b'{a,b}', b'a{1..2}', b'a[0]', b'a', b'-', b'--help', b'-t', b' blanks ', b'#x', b'@x',
         b'x:y', b'\t', b'\r', b'end\r', b'\\', b'\\\\', b'"', b"'", b'$(id)', b'm.gguf', b'./m.gguf',
         'ü'.encode(), b'\xc3', b'\xbc', '\u202e'.encode(), b'\xe2\x80', b'\xed\xa0\x80', b'\x1b[2J',
         b'nul\x00', b'nul', b'\x7f', b'blk.0', b'blk.0.weight', b'x' * 1000]
names += [bytes([n]) for n in range(1, 256) if bytes([n]) not in names]
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [(n, 'i32', [1], b'%04d' % i) for i, n in enumerate(names)]))
END
cat >try.py <<'END'
import json
import subprocess

def run(*args, names=None):
    done = subprocess.run(['gguf-dq', *args, 'm.gguf'], input=names, capture_output=True, check=False)
    assert done.returncode == 0, (args, done.stderr)
    return done.stdout

def selected(*args, names=None):
    return run('extract', '-f', 'raw', '-o', '-', *args, names=names)

def objects(text, key):
    return [json.loads(line)[key].encode() for line in text.splitlines()]

all_of_them = selected()
n = len(all_of_them) // 4
selected('--manifest', 'm.json')
reports = {
    '--names': run('list', '--names').split(b'\n')[:-1],
    '--jsonl': objects(run('list', '--jsonl'), 'name'),
    '--json': [t['name'].encode() for t in json.loads(run('list', '--json'))['tensors']],
    'manifest': [t['tensor'].encode() for t in json.load(open('m.json'))['outputs']],
    'show': objects(run('show', '--jsonl', '-T', '-', names=run('list', '--names')), 'name'),
    'hash': objects(run('hash', '--jsonl').rsplit(b'\n', 2)[0], 'name'),
    'verify': objects(run('verify', '--device', 'cpu', '--jsonl'), 'tensor'),
}
for report, names in reports.items():
    assert len(names) == len(set(names)) == n, report
    lines = b''.join(name + b'\n' for name in names)
    open('names', 'wb').write(lines)
    assert selected('-T', 'names') == all_of_them, report
    assert selected('-T', '-', names=lines) == all_of_them, report
    for i, name in enumerate(names):
        one = selected('-t', name)
        assert one == all_of_them[4 * i:4 * i + 4], (report, name, one)
    print(report, 'ok')
raw = run('list', '--names', '-0')
assert selected('-0', '-T', '-', names=raw) == all_of_them
for i, name in enumerate(raw.split(b'\0')[:-1]):
    assert selected('-0', '-T', '-', names=name + b'\0') == all_of_them[4 * i:4 * i + 4], name
print('--null ok')
END
"$PYTHON" try.py
echo '-- without a tensor of an empty name, empty entries are skipped'
"$PYTHON" "$TESTS/lib/make_model.py" n.gguf a:i8:1 b:i8:1
printf 'b\0\0a\0\0' | gguf-dq list --names -0 -T - n.gguf
echo '-- bytes that would select another tensor are not printed'
"$PYTHON" - <<'END'
import gguf_writer
with open('o.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [(name, 'i8', [1], b'1') for name in (b'a\x00', b'a\\x00')]))
END
gguf-dq list --names o.gguf
gguf-dq list -0 --names o.gguf
echo "exit $?"
