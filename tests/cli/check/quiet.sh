#!/bin/sh
# With --quiet, one line: how many errors, and the first of them; nothing for a valid file.
for name in good/zero_dim good/small_valid bad/overlap_partial bad/alignment_3; do
    cp "$DATA/gguf/$name.gguf" model.gguf
    gguf-dq check -q model.gguf
    echo "exit $?"
done
