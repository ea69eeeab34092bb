#!/bin/sh
# meson: valgrind
# A weight that is infinite though what is stored of it is finite counts as an overflow, in every dtype:
# F64 and integers from the number in the file, MXFP4 and Q8_K from the scale. Infinities that are
# stored do not count. With --strict, exit 1.
"$PYTHON" - <<'EOF'
import struct
import gguf_writer

inf, nan = float('inf'), float('nan')
limit = 2.0**128 - 2.0**103  # rounds up to infinity in f32; the number before it does not
f64 = [1e300, -1e39, limit, limit * (1 - 2**-53), 65520, 65519.99, -3.4e38, inf, -inf, nan, 0, 2]
i64 = [70000, 2**62, -2**63, 3, 65519, 65520, 2**63 - 1, -65520]
mxfp4 = bytes([254]) + b'\x77' * 16 + bytes([127]) + b'\x77' * 16 + bytes([255]) + b'\x77' * 16
q8_k = [struct.pack('<f', scale) + bytes([127] * 128 + [1] * 128) + bytes(32)
        for scale in (3e38, 1.0, inf)]
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [
        ('f64', 'f64', [12], struct.pack('<12d', *f64)),
        ('i64', 'i64', [8], struct.pack('<8q', *i64)),
        ('i32', 'i32', [4], struct.pack('<4i', 2**31 - 1, -65520, 65519, 0)),
        ('i16', 'i16', [2], struct.pack('<2h', 32767, -32768)),
        ('mxfp4', 'mxfp4', [96], mxfp4),
        ('q8_k', 'q8_k', [768], b''.join(q8_k)),
        ('f32', 'f32', [4], struct.pack('<4f', 3.4e38, inf, nan, 65520)),
    ]))
EOF
for dtype in f32 f16 bf16; do
    gguf-dq extract m.gguf -d $dtype -f raw -o $dtype/
    gguf-dq extract -q --jsonl m.gguf -d $dtype -f raw --force -o $dtype/ | grep -o '"overflows": [0-9]*' | tr '\n' ' '
    gguf-dq extract --strict m.gguf f64 -d $dtype -f raw -o strict.raw
    echo "exit $?"
done
gguf-dq extract --strict m.gguf i64 -d f32 -o i64.npy
echo "exit $?"
gguf-dq extract --strict m.gguf f64 -o native.npy
echo "exit $?"
# Only what is selected counts.
for slice in '[:3]' '[3:]' '[::2]' '[::-1]' '[2::-2]' '[7:9]'; do
    gguf-dq extract m.gguf "f64$slice" -d f32 -o slice.npy --force
done
for slice in '[128:]' '[120:136]' '[:256:16]' '[200::-100]' '[511::-1]' '[512:]'; do
    gguf-dq extract m.gguf "q8_k$slice" -d f32 -o slice.npy --force
    gguf-dq extract m.gguf "q8_k$slice" -d bf16 -f raw -o slice.raw --force
done
