#!/bin/sh
# A GGUF inside another file, at a place that no alignment fits. Every command takes --offset.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf a:f32:2x4 b:q8_0:3x32
{ printf 'PK\003\004...' && cat m.gguf && printf 'after'; } >asset.bin
gguf-dq list asset.bin
echo "exit $?"
gguf-dq list --offset 7 --meta asset.bin
gguf-dq list --offset 0x7 --json asset.bin | grep '"offset"'
gguf-dq check --offset 7 --values asset.bin
gguf-dq extract -q --offset 7 -o embedded --manifest m.json asset.bin
gguf-dq extract -q -o alone m.gguf
diff -r embedded alone && echo 'the same arrays'
"$PYTHON" - <<'END'
import json
for output in json.load(open('m.json'))['outputs']:
    place = output['source']
    stored = open(place['file'], 'rb').read()[place['offset']:place['offset'] + place['bytes']]
    assert stored in open('m.gguf', 'rb').read(), output['tensor']
print('the manifest has places in the file')
END
gguf-dq verify --offset 7 --device cpu --cpu baseline --jsonl asset.bin |
    sed 's/.*"tensor": \("[^"]*"\).*"verdict": \("[a-z]*"\).*/\1 \2/'
gguf-dq bench --offset 7 --cpu baseline --time 1 --size 1 asset.bin b >bench.txt 2>&1 || cat bench.txt
gguf-dq list --offset 7 - <asset.bin | head -n 1
for n in 8 500 1M 7x -1 9223372036854775808; do
    gguf-dq list --offset="$n" asset.bin 2>&1 | head -n 1
done
# The other files of a set are files of their own.
cp "$DATA"/gguf/good/split-0000[23]-of-00003.gguf .
{ printf 1234567 && cat "$DATA/gguf/good/split-00001-of-00003.gguf"; } >split-00001-of-00003.gguf
gguf-dq list --offset 7 split-00001-of-00003.gguf | head -n 1
