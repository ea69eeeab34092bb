#!/bin/sh
# meson: threads
# Files that are written at once are those that are written one after the other, and their lines come in
# the order of the model, although the large ones are begun first.
set --
for n in 1 2 3 4 5 6 7 8; do
    set -- "$@" "small$n:q8_0:8x1024" "middle$n:q8_0:96x1024"
done
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf "$@" large:q8_0:1024x1024
gguf-dq list --names m.gguf >names
gguf-dq extract -q -j1 -o one/ m.gguf
for threads in 2 4 7; do
    gguf-dq extract -q -j$threads --jsonl -o several/ m.gguf >lines
    diff -r one several && rm -r several
    sed 's/^{"tensor": "\([^"]*\)".*/\1/' lines | cmp - names
    grep -c '"status": "written"' lines
done
