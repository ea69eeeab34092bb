#!/bin/sh
# -o names a file for one tensor; its extension selects the format, unless --format does.
cp "$DATA/sample.gguf" .
for name in x.npy x.raw x.bin x x.dat; do
    gguf-dq extract sample.gguf -o "$name" position_ids
done
gguf-dq extract -q sample.gguf -f raw -o raw.npy position_ids
gguf-dq extract -q sample.gguf -f npy -o npy.raw position_ids
"$PYTHON" "$TESTS/cli/tools/describe.py" x.npy x x.dat npy.raw
cksum x.raw x.bin raw.npy
gguf-dq extract -q sample.gguf -o new/x.npy position_ids
echo "exit $?"
ls -A
