#!/bin/sh
# With --quiet there are errors only, and of a sound file nothing.
for name in good/zero_dim good/small_valid bad/overlap_partial bad/alignment_3; do
    cp "$DATA/gguf/$name.gguf" model.gguf
    gguf-dq check -q model.gguf
    echo "exit $?"
done
