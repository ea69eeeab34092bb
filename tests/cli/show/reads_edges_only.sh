#!/bin/sh
# meson: timeout=60
# Of a large array only the blocks at its edges are read, and memory does not depend on its size: here of
# one with 2^35 weights, nearly all of which are a hole in the file.
"$PYTHON" "$TESTS/lib/make_big.py" m.gguf --tensor-bytes 128G --type f32
gguf-dq show --max-memory 4MiB m.gguf big.weight
gguf-dq show --max-memory 4MiB --edge 1 m.gguf 'big.weight[::-1, ::3]'
# All of it would have to be held in memory.
gguf-dq show --max-memory 4MiB --full m.gguf big.weight 2>/dev/null
echo "$?"
