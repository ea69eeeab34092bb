#!/bin/sh
# No model or several: exit 2, with a message about what was searched for.
try() {
    gguf-dq "$@"
    echo "exit $?"
}
try list
try extract -t blk.0.attn_q
cp "$DATA/gguf/good/small_valid.gguf" a.gguf
cp a.gguf b.gguf
try list
cp a.gguf c.gguf
try list --names b.weight
try list .
mkdir none
try list none
