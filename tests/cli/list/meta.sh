#!/bin/sh
# meson: valgrind
# Metadata, with long values cut short, before the table.
cp "$DATA/sample.gguf" .
gguf-dq list --meta sample.gguf position_ids
