#!/bin/sh
# meson: threads timeout=300
# Tensors of many chunks, on several threads: f32 chunks are whole leaves of BLAKE3's tree, blocks of
# native are not. The digests were computed by another program.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf a:q4_k:700x4096 b:f32:1x1 c:q6_k:1001x2816 d:i8:3x1234567
for dtype in f32 native; do
    gguf-dq hash -j1 -d "$dtype" m.gguf | tee out
    for words in -j2 '-j7 --max-memory 16MiB' '-j3 -a blake3 --no-sandbox'; do
        # shellcheck disable=SC2086
        gguf-dq hash $words -d "$dtype" m.gguf | cmp - out
    done
done
