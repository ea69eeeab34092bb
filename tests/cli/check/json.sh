#!/bin/sh
# meson: valgrind
# --json prints one object with all diagnostics; it is complete even if the file is damaged or
# cannot be read at all.
for name in good/small_valid good/zero_dim bad/overlap_partial bad/key_duplicate; do
    cp "$DATA/gguf/$name.gguf" model.gguf
    gguf-dq check --json model.gguf
    echo "exit $?"
done
gguf-dq check --values --json model.gguf | grep '"values"'
cp "$DATA/sample.gguf" model.gguf
gguf-dq check --values --json model.gguf | grep '"values"'
gguf-dq check --values --json -x output model.gguf | grep '"values"'
rm model.gguf
gguf-dq check --json model.gguf
