#!/bin/sh
# A folder in the place of an output file is left alone, and so is a file in the place of the output
# folder.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
mkdir -p out/a.weight.npy
try() {
    gguf-dq "$@"
    echo "exit $?"
}
try extract m.gguf -o out
try extract --force m.gguf -o out
try extract --skip-existing m.gguf -o out
ls out
: >m
try extract m.gguf
try extract --force m.gguf
try extract m.gguf -o m/
try extract m.gguf -o m/x.npy a
try extract m.gguf -o m/below/
[ -f m ] && echo 'still a file'
ls -A
