#!/bin/sh
# meson: valgrind
# What a share refuses, and faults of tensors: those of arrays with a file of their own are the faults of one
# share, those that change what is in a file that others share are the faults of all.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf Layer.weight:f32:4 layer.weight:f32:4 other:f32:6 last:f32:1
try() {
    gguf-dq extract "$@" m.gguf
    echo "exit $?"
}
try --share 1/2 --force -o out/
try --share 1/2 --manifest m.json -o out/
try --share 1/2 -o - </dev/null
try --share 1/2 -o /dev/full
echo '# two names that some file systems cannot tell apart, in different shares'
gguf-dq list --names --share 2/3 m.gguf
gguf-dq list --names --share 3/3 m.gguf
for i in 1 2 3; do
    try --share "$i/3" -o out/
done
ls out
echo '# a tensor of an unknown type'
"$PYTHON" - <<'END'
data = bytearray(open('m.gguf', 'rb').read())
at = data.index(b'other') + 5
assert data[at:at + 4] == b'\x01\x00\x00\x00'
data[at + 12:at + 16] = (999).to_bytes(4, 'little')
open('m.gguf', 'wb').write(data)
END
for i in 1 2 3; do
    try --share "$i/3" -o unknown/ -x layer.weight
done
for i in 1 2 3; do
    try --share "$i/3" -k -f safetensors --max-shard 20 -o unknown/ -x layer.weight
done
ls unknown
