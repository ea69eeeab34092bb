#!/bin/sh
# One row of a tensor of 4 GiB costs no more than that row.
"$PYTHON" "$TESTS/make_big.py" big.gguf --tensor-bytes 4G --type q8_0
gguf-dq list big.gguf
"$PYTHON" "$TESTS/cli/measure.py" gguf-dq extract -q big.gguf 'big[-1]' -o last.npy
gguf-dq extract -q big.gguf 'big[-3:]' -o - >rows.npy
"$PYTHON" - <<'EOF'
import numpy
# Each block of 34 bytes begins somewhere in 0x30 ... 0x3f, over and over.
row = numpy.resize(numpy.arange(0x30, 0x40, dtype='u1'), 4096 // 32 * 34).reshape(-1, 34)
d = row[:, :2].copy().view('<f2').astype('<f4')
due = (d * row[:, 2:].view('i1')).ravel()
print(numpy.array_equal(numpy.load('last.npy'), due))
rows = numpy.load('rows.npy')
print(rows.shape, rows[:2].any(), numpy.array_equal(rows[2], due))
EOF
