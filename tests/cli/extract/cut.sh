#!/bin/sh
# meson: valgrind
# A cut download is one fault of the file, not one of each tensor. Tensors and rows before the cut can be
# taken.
cp "$DATA/sample.gguf" whole.gguf
head -c 100000 whole.gguf >cut.gguf
try() {
    gguf-dq "$@"
    echo "exit $?"
}
try check cut.gguf
try list cut.gguf
try extract cut.gguf -o none/
try extract cut.gguf -k -o kept/
find kept -name '*.npy' | sort
try verify -q --device cpu cut.gguf | tail -n 3
