#!/bin/sh
# meson: unsanitized
# Standard input, output and error may be closed at the start, in every combination, with and without
# a /dev/null that could take their place.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf a:f32:4 b:f32:4
cp m.gguf due
gguf-dq extract -q m.gguf -o due.npy a
cat >try.py <<'END'
import itertools
import os
import subprocess
import sys

def run(closed, lesser, *args):
    def close():
        for fd in closed:
            os.close(fd)
    env = dict(os.environ)
    if lesser:
        env.update(LD_PRELOAD=os.environ['LESSER'], DQ_LESSER='no-null')
    return subprocess.run(['gguf-dq', *args], stdin=subprocess.DEVNULL, capture_output=True, env=env,
                          preexec_fn=close, check=False)

for lesser in (False, True):
    print('== without /dev/null' if lesser else '== with /dev/null')
    for n in range(4):
        for closed in itertools.combinations(range(3), n):
            if os.path.exists('x.npy'):
                os.remove('x.npy')
            written = run(closed, lesser, 'extract', '-q', 'm.gguf', '-o', 'x.npy', 'a')
            assert written.returncode == 0, (closed, written)
            assert open('x.npy', 'rb').read() == open('due.npy', 'rb').read()
            done = [run(closed, lesser, *words.split()) for words in (
                'list --names m.gguf', 'list --names -', 'list --names -T - m.gguf', 'list m.gguf c')]
            print(*closed or ('none',), '|', *(d.returncode for d in done), '|',
                  ' '.join(sorted({line.split(b': ', 1)[1].decode() for d in done
                                   for line in d.stderr.splitlines()})))
            assert open('m.gguf', 'rb').read() == open('due', 'rb').read()
            assert all(d.stdout in (b'', b'a\nb\n') for d in done)
            assert 2 in closed or all(d.stderr or d.returncode == 0 for d in done)
END
"$PYTHON" try.py
