#!/bin/sh
# A place that cannot be written: one line, exit 6. (Below a file nobody can.)
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
: >file
try() {
    gguf-dq "$@"
    echo "exit $?"
}
try extract m.gguf -o file/x.npy a
try extract m.gguf -o file/x/
try extract m.gguf -o file/x/y
try extract -q m.gguf -o out --manifest file/m.json
try extract m.gguf -o /dev/null/x/
try extract m.gguf -o /proc/x.npy a
wc -c <file
