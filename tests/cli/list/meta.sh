#!/bin/sh
# meson: valgrind
# --meta prints the metadata before the table, with long values abbreviated.
cp "$DATA/sample.gguf" .
gguf-dq list --meta sample.gguf position_ids
