#!/bin/sh
# meson: gpu threads timeout=300
# A digest is that of what `extract -f raw` writes: SHA-256 by another program, BLAKE3 as frozen in
# data/golden/. The same on every device and level, and with any number of threads and memory.
cp "$DATA/gguf/good/all_types.gguf" m.gguf
"$PYTHON" - <<'END'
import hashlib
import itertools
import json
import subprocess

import gguf_writer

# What is stored as the dtype is copied with all of its NaNs, and everything else decoded to one NaN.
nans = b'\x01\x00\xa0\x7f\xcd\xab\xff\xff' * 3
with open('nans.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [('a', 'f32', [6], nans), ('b', 'f16', [12], nans), ('c', 'bf16', [12], nans)]))

def run(*words):
    return subprocess.run(['gguf-dq', *words], check=True, stdout=subprocess.PIPE).stdout

def lines(*words):
    return [line.split('  ', 1) for line in run('hash', *words).decode().splitlines()]

for path, dtype in itertools.product(('m.gguf', 'nans.gguf'), ('f32', 'f16', 'bf16', 'native')):
    tensors = json.loads(run('list', '--json', path))['tensors']
    words = path, '-a', 'sha256', '-d', dtype
    *found, (model, last) = lines(*words)
    whole = []
    for (digest, name), t in zip(found, tensors, strict=True):
        bytes_ = run('extract', '-q', '-d', dtype, '-f', 'raw', '-o', '-', path, '-t', name)
        assert name == t['name'] and digest == hashlib.sha256(bytes_).hexdigest(), (dtype, name)
        whole.append((name, 'x'.join(map(str, t['shape'])), digest))
    named = b''.join(sorted(f'{n}\0{s}\0{d}\n'.encode() for n, s, d in whole))
    nameless = b''.join(sorted(f'{s}\0{d}\n'.encode() for n, s, d in whole))
    assert (model, last) == (hashlib.sha256(named).hexdigest(), '(model)')
    assert lines(*words, '--no-names')[-1][0] == hashlib.sha256(nameless).hexdigest()
    print(path, dtype, len(found))
END
cat "$DATA/golden/all_types.blake3" >expected
gguf-dq hash m.gguf | cmp - expected
for words in '-j1' '-j3' '--max-memory 2MiB -j1' '--device gpu' '--device gpu:all -j5' '--cpu baseline --device cpu'; do
    # shellcheck disable=SC2086
    gguf-dq hash $words m.gguf | cmp - expected
done
gguf-dq hash -c expected --device gpu -q m.gguf
