#!/bin/sh
# The manifest never replaces the model or one of the arrays, whatever the options.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
try() {
    gguf-dq "$@"
    echo "exit $?"
    cmp m.gguf "$DATA/gguf/good/small_valid.gguf"
    ls
    rm -rf out
}
try extract --force m.gguf -o out/ --manifest m.gguf
try extract --skip-existing m.gguf -o out/ --manifest m.gguf
try extract --force m.gguf -o out/ --manifest out/a.weight.npy
