#!/bin/sh
# meson: gpu timeout=300
# Output that a kernel does not write is noticed, even if the buffer holds the right values from the
# previous launch: all weights are 0. One small lane makes 10 launches of 8192 weights.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf --scale 0 a:f32:10x8192
export DQ_HOST_MEMORY=100000
for dtype in f32 f16 bf16; do
    DQ_HOST_WRONG=kept:100-103 gguf-dq verify m.gguf -d "$dtype" | tail -n 1
done
DQ_HOST_FAIL=fill:3 gguf-dq verify m.gguf
echo "$?"
