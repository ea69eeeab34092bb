#!/bin/sh
# meson: valgrind
# Braces list alternatives or a range of numbers, and may be nested.
cp "$DATA/sample.gguf" .
for pattern in 'blk.{0..3}.attn_norm.*' 'blk.{1..0}.attn_norm.weight' \
    'blk.1.attn_{q,k}.weight' '{output,blk.{0,1}.ffn}_norm.weight' 'output.{weight,bias}' \
    'output{,_norm}.weight'; do
    echo "$pattern"
    gguf-dq list --names sample.gguf "$pattern"
done
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf 'a{b}:f32:4' 'a{x,y}:f32:4' ax:f32:4
echo 'braces in names'
gguf-dq list --names m.gguf 'a{b}'
gguf-dq list --names m.gguf 'a{x,y}'
gguf-dq list --names m.gguf 'a{x,z}'
gguf-dq list --names m.gguf 'a{x'
echo "exit $?"
gguf-dq list --names m.gguf 'a{1..99999}{1..99999}'
echo "exit $?"
