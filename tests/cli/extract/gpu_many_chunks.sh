#!/bin/sh
# meson: gpu threads timeout=300
# Tensors of many chunks on all lanes at once, with much and with little memory, in order to a pipe
# and in any order to a file.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf a:q4_k:1500x4096 b:q8_0:700x4096 c:f32:500x4096 \
    d:iq1_s:1x1048576
for dtype in f32 f16; do
    gguf-dq extract -q --device cpu -f raw -d "$dtype" m.gguf -o - >cpu
    for memory in 1000000000 40000000 3000000; do
        export DQ_HOST_MEMORY=$memory
        gguf-dq extract -q --device gpu -f raw -d "$dtype" m.gguf -o - | cmp - cpu
        gguf-dq extract -q --device gpu -f raw -d "$dtype" m.gguf -o gpu/
        cat gpu/a.raw gpu/b.raw gpu/c.raw gpu/d.raw | cmp - cpu
        rm -r gpu
    done
done
"$TESTS/cli/tools/verify.sh" m.gguf | tail -n 1
DQ_HOST_WRONG=bits:5-5 DQ_HOST_MEMORY=3000000 "$TESTS/cli/tools/verify.sh" m.gguf a | sed 's/block: .*/block: .../'
