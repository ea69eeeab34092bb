#!/bin/sh
# meson: valgrind
# A big-endian model gives the same weights as its little-endian twin; types with no defined big-
# endian layout are refused.
cp "$DATA/gguf/good/big_endian.gguf" "$DATA/gguf/good/big_endian_twin_le.gguf" .
for dtype in f32 f16 bf16 native; do
    gguf-dq extract -q big_endian.gguf -d "$dtype" -f raw -o - >big
    gguf-dq extract -q big_endian_twin_le.gguf -d "$dtype" -f raw -o - | cmp - big
done
gguf-dq extract -q big_endian.gguf -o - 't.q4_0[1, 3::5]' 't.i32[:, ::-1]' |
    "$PYTHON" "$TESTS/cli/tools/describe.py"
gguf-dq extract -q big_endian_twin_le.gguf -o - 't.q4_0[1, 3::5]' 't.i32[:, ::-1]' |
    "$PYTHON" "$TESTS/cli/tools/describe.py"
