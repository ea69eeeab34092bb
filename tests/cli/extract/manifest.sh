#!/bin/sh
# meson: valgrind
# The manifest states for each output which tensor it comes from, its shape and its type.
cp "$DATA"/gguf/good/split-*.gguf .
gguf-dq extract -q split-00001-of-00003.gguf -o out --manifest out.json -t '*q*' \
    -t 'blk.2.f32[1, ::2]'
gguf-dq extract -q split-00001-of-00003.gguf -f raw -o - --manifest pipe.json 'blk.[57]*' >pipe
cat out.json
"$PYTHON" - <<'EOF'
import json, os, numpy
with open('out.json') as f:
    manifest = json.load(f)
for o in manifest['outputs']:
    a = numpy.load(o['path'])
    size = os.path.getsize(o['path'])
    print(o['path'], list(a.shape) == o['shape'], a.nbytes == o['bytes'] == size - o['offset'])
with open('pipe.json') as f:
    print([(o['path'], o['offset'], o['bytes']) for o in json.load(f)['outputs']],
          os.path.getsize('pipe'))
EOF
gguf-dq extract -q split-00001-of-00003.gguf -o x.npy --manifest out.json blk.2.f32
echo "exit $?"
gguf-dq extract -q split-00001-of-00003.gguf -o x.npy --manifest no/out.json blk.2.f32
echo "exit $?"
gguf-dq extract -q --force split-00001-of-00003.gguf -o x.npy --manifest out.json blk.2.f32
grep -c '"tensor"' out.json
ls -A
