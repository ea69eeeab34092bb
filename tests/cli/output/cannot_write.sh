#!/bin/sh
# An output path that cannot be written: a one-line message, exit 6. (Not even root can create a
# file below a file.)
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
