#!/bin/sh
# meson: gpu timeout=300
# Overflowing weights are counted as on the CPU: in whole tensors, in slices, over many chunks, and
# with --strict.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf --scale 1000 a:f32:3x256 b:f32:2x64
"$PYTHON" "$TESTS/lib/make_model.py" big.gguf c:f32:700x4096 d:q8_0:64x4096
cp "$DATA/gguf/good/hard_blocks.gguf" .
same() {
    gguf-dq extract -f raw "$@" --device cpu -o - 2>words.cpu >out.cpu
    cpu=$?
    gguf-dq extract -f raw "$@" --device gpu -o - 2>words.gpu >out.gpu
    echo "$cpu $? $(wc -l <words.gpu) $*"
    cmp words.cpu words.gpu
    cmp out.cpu out.gpu
}
gguf-dq extract m.gguf -d f16 -f raw --device gpu -o x/
for dtype in f16 bf16; do
    same m.gguf -d "$dtype"
    same m.gguf -d "$dtype" 'a[1:, 3:70:9]' 'b[1, ::-1]'
    same m.gguf -d "$dtype" 'a[0, :64]'
    same big.gguf -d "$dtype"
    DQ_HOST_MEMORY=300000 same big.gguf -d "$dtype"
    same hard_blocks.gguf -d "$dtype"
    same m.gguf -d "$dtype" --strict
done
same hard_blocks.gguf -d f32
"$PYTHON" "$TESTS/lib/make_model.py" f64.gguf --scale 1e37 a:f64:3x256 b:f64:3x256
for dtype in f32 f16 bf16; do
    same f64.gguf -d "$dtype"
    same f64.gguf -d "$dtype" 'a[1:, 3:70:9]' 'b[1, ::-1]'
done
gguf-dq extract m.gguf a -d f16 -f raw --device gpu -o y.raw --strict
echo "$?"
# The fallback restarts the count. One lane syncs once when it opens, then twice for each tensor.
export DQ_HOST_MEMORY=100000
DQ_HOST_FAIL=sync:5 GGUF_DQ_AUTO_MIN=1 gguf-dq extract m.gguf -d f16 -f raw -o z/
DQ_HOST_FAIL=sync:4 GGUF_DQ_AUTO_MIN=1 gguf-dq extract m.gguf -d f16 -f raw -o u/
diff -r x z
diff -r x u
ls
