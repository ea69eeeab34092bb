#!/bin/sh
# Options cannot be abbreviated; the message suggests the full name.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
echo a.weight >names
try() {
    gguf-dq "$@"
    echo "exit $?"
}
try list --name m.gguf
try list --tensors names m.gguf
try list --tensors=names m.gguf
try list m.gguf --tenso a.weight
try list m.gguf --exclud=a.weight
try extract --forc m.gguf
try extract --skip m.gguf
try extract -q --out x m.gguf
try extract --dry m.gguf
try types --js
try types --hel
ls
