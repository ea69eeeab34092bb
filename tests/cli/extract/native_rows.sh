#!/bin/sh
# meson: valgrind
# native copies the stored blocks: rows of bytes, of which a slice takes whole blocks.
cp "$DATA/sample.gguf" .
gguf-dq extract -q sample.gguf -d native -o out/ output.weight blk.0.ffn_down_exps position_ids \
    rope_freqs blk.0.ffn_gate_inp
"$PYTHON" "$TESTS/cli/tools/describe.py" out/*
gguf-dq extract -q sample.gguf -d native -o slices/ 'output.weight[3]' 'output.weight[:, 32:96]' \
    'blk.0.ffn_down_exps[1:3, ::-2]' 'output.weight[5:5]' 'position_ids[::-3]'
"$PYTHON" - <<'EOF'
import numpy
whole = numpy.load('out/output.weight.npy')
with open('sample.gguf', 'rb') as f:
    f.seek(327136)
    print(f.read(69632) == whole.tobytes())
def same(a, name):
    b = numpy.load(f'slices/{name}.npy')
    print(b.dtype, b.shape, a.shape == b.shape and (a == b).all())
same(whole[3], 'output.weight%5B3%5D')
same(whole[:, 34:102], 'output.weight%5B%3A%2C32%3A96%5D')
same(whole[5:5], 'output.weight%5B5%3A5%5D')
same(numpy.load('out/blk.0.ffn_down_exps.weight.npy')[1:3, ::-2],
     'blk.0.ffn_down_exps.weight%5B1%3A3%2C%3A%3A-2%5D')
same(numpy.load('out/position_ids.npy')[::-3], 'position_ids%5B%3A%3A-3%5D')
EOF
for slice in '[0, 0]' '[:, 1:33]' '[:, ::2]' '[:, :31]' '[:, ::-1]'; do
    gguf-dq extract sample.gguf -d native "output.weight$slice"
    echo "exit $?"
done
ls -A
