#!/bin/sh
# meson: slow timeout=300
# A hundred thousand tensors and a vocabulary of 262,144 are listed and checked in little memory.
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensors 100000 --vocab 262144
"$PYTHON" "$TESTS/cli/tools/measure.py" gguf-dq list big.gguf >table
wc -l <table
sed -n '1p;$p' table
"$PYTHON" "$TESTS/cli/tools/measure.py" gguf-dq list --meta --json big.gguf >json
"$PYTHON" "$TESTS/cli/tools/measure.py" gguf-dq list --meta big.gguf 'blk.99*' >table
wc -l <table
"$PYTHON" "$TESTS/cli/tools/measure.py" gguf-dq check --values big.gguf
head -c 14600000 big.gguf >cut.gguf
"$PYTHON" "$TESTS/cli/tools/measure.py" gguf-dq check --json cut.gguf | tail -n 5
gguf-dq list --names big.gguf >names
sed "s/\.weight$//" names | gguf-dq list --names -T - big.gguf | cmp - names
gguf-dq extract -q big.gguf -f raw -o - >arrays
"$PYTHON" - <<'EOF'
import json, numpy
with open('json') as f:
    model = json.load(f)
print(len(model['tensors']))
for key, pair in model['metadata'].items():
    if pair['type'].startswith('array'):
        print(key, len(pair['value']))
a = numpy.fromfile('arrays', '<f4').reshape(-1, 8)
i = numpy.arange(100000, dtype='f4')[:, None]
print(a.shape, numpy.array_equal(a, i + numpy.arange(8, dtype='f4') / 8))
EOF
