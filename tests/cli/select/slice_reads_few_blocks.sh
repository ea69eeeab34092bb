#!/bin/sh
# Extracting one row of a 4 GiB tensor reads only that row.
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 4G --type q8_0
gguf-dq list big.gguf
"$PYTHON" "$TESTS/cli/tools/measure.py" gguf-dq extract -q big.gguf 'big[-1]' -o last.npy
gguf-dq extract -q big.gguf 'big[-3:]' -o - >rows.npy
"$PYTHON" - <<'EOF'
import numpy
import make_big
last = make_big.rows_of('q8_0', 4 << 30) - 1
row = numpy.frombuffer(make_big.row_bytes('q8_0', last), 'u1').reshape(-1, 34)
d = row[:, :2].copy().view('<f2').astype('<f4')
due = (d * row[:, 2:].view('i1')).ravel()
print(numpy.array_equal(numpy.load('last.npy'), due))
rows = numpy.load('rows.npy')
print(rows.shape, rows[:2].any(), numpy.array_equal(rows[2], due))
EOF
