#!/bin/sh
# meson: timeout=120
# --blocks shows the bytes of blocks as fields, the parts that are packed into them, and formulas that give
# exactly the weights of the decoder, for every type.
cat >try.py <<'END'
import json
import random
import subprocess

import numpy

import gguf_writer

def run(*args):
    return subprocess.run(args, check=True, stdout=subprocess.PIPE).stdout

def as_f32(x):
    return numpy.array([float(v) for v in (x if isinstance(x, list) else [x])], numpy.float32)

def evaluate(formula, parts, n):
    """A formula of parts in f32, of which each holds for as many weights in a row."""
    spread = {name: numpy.repeat(part, n // len(part)) for name, part in parts.items()}
    return numpy.broadcast_to(eval(formula, {}, spread), n)

def same(a, b):
    return ((a.view(numpy.uint32) == b.view(numpy.uint32)) | (numpy.isnan(a) & numpy.isnan(b))).all()

rng = random.Random(7)
tensors = []
for name in gguf_writer.TYPES:
    dims = [512, 8] if 'q' in name or 'fp4' in name else [40]
    tensors.append((name, name, dims, rng.randbytes(gguf_writer.tensor_bytes(name, dims))))
with open('all.gguf', 'wb') as f:
    f.write(gguf_writer.model([], tensors))
n_blocks = 0
n_products = 0
types = set()
numpy.seterr(all='ignore')
shown = json.loads(run('gguf-dq', 'show', '--blocks', '--json', 'all.gguf', '*'))
for t in shown['tensors']:
    native = run('gguf-dq', 'extract', '-q', '-f', 'raw', '-d', 'native', '-o', '-', 'all.gguf', t['name'])
    decoded = numpy.frombuffer(run('gguf-dq', 'extract', '-q', '-f', 'raw', '-d', 'f32', '-o', '-', 'all.gguf',
                                   t['name']), '<f4')
    types.add(t['type'])
    at = 0
    weights = []
    for b in t['blocks']:
        elements = [e for f in b['fields'].values() for e in (f if isinstance(f, list) else [f])]
        stored = b''.join(bytes.fromhex(e)[::-1] for e in elements)
        assert native[at:at + len(stored)] == stored, (t['name'], b['block'])
        at += len(stored)
        weight = as_f32(b['weight'])
        exact = t['type'] == 'I64' and {'x': numpy.array([numpy.int64(b['parts']['x'])])}
        parts = exact or {name: as_f32(part) for name, part in b['parts'].items()}
        for name, n in t['weights_per_element'].items():
            assert len(parts[name]) * n == len(weight), (t['name'], name)
        for name, formula in t['formulas'].items():
            want = weight if name == 'weight' else numpy.repeat(parts[name], len(weight) // len(parts[name]))
            found = evaluate(formula, parts, len(weight)).astype(numpy.float32)
            assert same(found, want), (t['name'], b['block'], name, found, want)
            n_products += name != 'weight'
        weights.append(weight)
        n_blocks += 1
    assert at == len(native), t['name']
    assert same(numpy.concatenate(weights), decoded), t['name']
assert n_blocks > 1000 and n_products > 400, (n_blocks, n_products)
print(len(types), 'types')
END
"$PYTHON" try.py
gguf-dq show --blocks "$DATA/sample.gguf" 'blk.0.attn_output.weight[3, :10]'
gguf-dq show --blocks "$DATA/sample.gguf" rope_freqs.weight position_ids
gguf-dq show --blocks --full "$DATA/sample.gguf" 'rope_freqs.weight[:-7:-1]' | grep -c ^block
gguf-dq show --blocks -f hex "$DATA/sample.gguf" rope_freqs.weight
echo "$?"
