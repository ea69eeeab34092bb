#!/bin/sh
# meson: gpu timeout=300
# A GPU writes the same bytes as the CPU, for each model, dtype and kind of output.
cd "$DATA/gguf/good" || exit
cp all_types.gguf hard_blocks.gguf big_endian.gguf split-*.gguf "$OLDPWD"
cd "$OLDPWD" || exit
cp "$DATA/sample.gguf" .
same() {
    gguf-dq extract -q --device cpu "$@" -o cpu/ && gguf-dq extract -q --device gpu "$@" -o gpu/ &&
        diff -r cpu gpu && echo "$(find gpu -type f | wc -l) files are equal: $*"
    rm -rf cpu gpu
    gguf-dq extract -q --device cpu "$@" -o - | cksum >cpu.sum
    gguf-dq extract -q --device gpu "$@" -o - | cksum | cmp - cpu.sum || echo "pipe: $*"
}
for model in sample all_types hard_blocks big_endian split-00001-of-00003; do
    for dtype in f32 f16 bf16 native; do
        same "$model.gguf" -d "$dtype" -f raw
    done
    for dtype in f32 f16; do
        same "$model.gguf" -d "$dtype" -f npy
    done
done
# Slices: partial blocks, steps, reversed.
for dtype in f32 f16 bf16; do
    for slice in '[3]' '[:, 5:40]' '[::-3, ::7]' '[7:9, -1]' '[:, ::257]'; do
        same sample.gguf -f raw -d "$dtype" "token_embd.weight$slice" "blk.0.attn_k.weight$slice" \
            "blk.1.attn_output.weight$slice"
    done
done
