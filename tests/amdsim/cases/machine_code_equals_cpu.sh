#!/bin/sh
# meson: timeout=300
# The machine code writes the same bytes as the CPU in the whole program: chunks, slices,
# overflowing weights.
export DQ_AMD_TARGET="$DQ_TEST_TARGET,$DQ_TEST_TARGET" DQ_AMD_LEAKS=1
cp "$DATA/sample.gguf" "$DATA/gguf/good/all_types.gguf" "$DATA/gguf/good/hard_blocks.gguf" \
    "$DATA/gguf/good/big_endian.gguf" .
"$PYTHON" "$TESTS/lib/make_model.py" overflow.gguf --scale 1000 a:f32:3x256 b:f32:2x64
"$PYTHON" "$TESTS/lib/make_model.py" large.gguf a:q4_k:90x4096 b:q8_0:64x4096 c:f32:9x4096
same() {
    gguf-dq extract --device cpu -f raw "$@" -o - 2>words.cpu >out.cpu
    cpu=$?
    gguf-dq extract --device hip:1 -f raw "$@" -o - 2>words.hip >out.hip
    echo "$cpu $? $(wc -l <words.hip) $*"
    cmp words.cpu words.hip
    cmp out.cpu out.hip
}
for dtype in f32 f16 bf16; do
    for model in sample all_types hard_blocks big_endian overflow large; do
        same -d "$dtype" "$model.gguf"
    done
    same -d "$dtype" --strict overflow.gguf
    same -d "$dtype" sample.gguf 'token_embd.weight[::-3, ::7]' 'blk.0.attn_k.weight[7:9, -1]'
done
DQ_AMD_MEMORY=300000 same -d f16 large.gguf
