#!/bin/sh
# The model is never overwritten, whatever the options.
cp "$DATA/gguf/good/small_valid.gguf" m.raw
cp m.raw before
ln m.raw link.raw
ln -s m.raw soft.raw
try() {
    gguf-dq "$@"
    echo "exit $?"
    cmp m.raw before
}
try extract m.raw -o m.raw a.weight
try extract --force m.raw -o m.raw a.weight
try extract --force ./m.raw -o link.raw a.weight
try extract --skip-existing ./m.raw -o m.raw a.weight
try extract --force soft.raw -o m.raw a.weight
cp "$DATA"/gguf/good/split-*.gguf .
gguf-dq extract --force split-00001-of-00003.gguf -f raw -o split-00003-of-00003.gguf blk.2.f32
echo "exit $?"
cmp split-00003-of-00003.gguf "$DATA/gguf/good/split-00003-of-00003.gguf"
ls -A
