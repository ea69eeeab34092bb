#!/bin/sh
# meson: valgrind threads
# The output is f32 by default, except that integers and F64 keep their type.
cp "$DATA/gguf/good/all_types.gguf" m.gguf
gguf-dq extract -q m.gguf -o - | "$PYTHON" "$TESTS/cli/tools/describe.py"
for dtype in f32 f16 native; do
    echo "$dtype"
    gguf-dq extract -q m.gguf -d "$dtype" -x 'blk.0.bf16.weight' -o - |
        "$PYTHON" "$TESTS/cli/tools/describe.py" | cut -d ' ' -f 1-3 | sort | uniq -c
done
for dtype in f32 f16 bf16 native; do
    gguf-dq extract -q m.gguf -f raw -d "$dtype" -o - | cksum
done
