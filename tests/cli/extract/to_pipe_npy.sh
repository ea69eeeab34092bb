#!/bin/sh
# meson: valgrind threads
# Arrays are written one after another in file order; repeated numpy.load calls on the same handle
# read them.
cp "$DATA/sample.gguf" .
gguf-dq extract sample.gguf -o - -t 'blk.0.*' -t token_embd >arrays
gguf-dq extract -q sample.gguf -o files/ -t 'blk.0.*' -t token_embd
"$PYTHON" - <<'EOF'
import os
import numpy
with open('arrays', 'rb') as f:
    while f.tell() < os.fstat(f.fileno()).st_size:
        a = numpy.load(f)
        print(a.dtype.str, a.shape)
EOF
gguf-dq list --names sample.gguf -t 'blk.0.*' -t token_embd | sed 's/.*/files\/&.npy/' |
    xargs cat | cmp - arrays
gguf-dq extract sample.gguf -o - -t 'blk.0.*' -t token_embd | cmp - arrays
