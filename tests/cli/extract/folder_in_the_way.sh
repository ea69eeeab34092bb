#!/bin/sh
# A folder that has a file's name is left alone; so is a file that has the folder's name.
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
