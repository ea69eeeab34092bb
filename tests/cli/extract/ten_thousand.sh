#!/bin/sh
# meson: slow timeout=300
# Ten thousand tensors become ten thousand files, with few of them open at a time and in little
# memory.
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensors 10000
# shellcheck disable=SC3045 # dash has it as well
ulimit -n 16
"$PYTHON" "$TESTS/cli/tools/measure.py" gguf-dq extract -q -o arrays/ --manifest manifest.json big.gguf
"$PYTHON" "$TESTS/cli/tools/measure.py" gguf-dq extract -q --skip-existing -o arrays/ --json big.gguf >json
"$PYTHON" - <<'EOF'
import collections, json, numpy, os
outputs = json.load(open('manifest.json'))['outputs']
wanted = numpy.arange(8, dtype='f4') / 8
right = sum(numpy.array_equal(numpy.load(out['path']), n + wanted) for n, out in enumerate(outputs))
print(len(os.listdir('arrays')), len(outputs), right)
print(collections.Counter(out['status'] for out in json.load(open('json'))['outputs']))
EOF
