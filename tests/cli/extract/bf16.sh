#!/bin/sh
# numpy has no bf16, so .npy cannot hold it; raw output can, and native copies the stored bytes.
cp "$DATA/sample.gguf" .
try() {
    gguf-dq "$@"
    echo "exit $?"
}
try extract sample.gguf -d bf16 output
try extract sample.gguf -d bf16 -o x.npy output.weight
try extract sample.gguf -d bf16 -o - output.weight
try extract sample.gguf -d native output.bias
ls -A
gguf-dq extract sample.gguf -q -d bf16 -o x.raw output.bias
gguf-dq extract sample.gguf -q -d native -f raw -o y output.bias
cmp x.raw y
gguf-dq extract sample.gguf -q -d f32 -f raw -o z output.bias
"$PYTHON" - <<'EOF'
import numpy
bits = numpy.fromfile('x.raw', '<u2').astype('<u4') << 16
print(len(bits), (bits.view('<f4') == numpy.fromfile('z', '<f4')).all())
EOF
