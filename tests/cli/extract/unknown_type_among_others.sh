#!/bin/sh
# In a model with an unknown type, the other tensors work.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf a:f32:4 b:q8_0:2x32 c:f32:4
# The type id follows the name and the dimensions of b.
"$PYTHON" - <<'EOF'
import struct
with open('m.gguf', 'r+b') as f:
    data = f.read()
    where = data.index(struct.pack('<Q1sIQQI', 1, b'b', 2, 32, 2, 8)) + 29
    f.seek(where)
    f.write(struct.pack('<I', 153))
EOF
gguf-dq list m.gguf
gguf-dq extract m.gguf
echo "exit $?"
gguf-dq extract -q m.gguf a c -o - | "$PYTHON" "$TESTS/cli/tools/describe.py"
gguf-dq extract -q -k m.gguf
echo "exit $?"
gguf-dq extract -q m.gguf -d native -f raw -o - b | wc -c
ls -A m
