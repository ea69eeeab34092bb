#!/bin/sh
# An exact name selects that tensor alone, not tensors that it is a stem of or that it matches as a
# pattern.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf blk.0.attn_q:f32:4 blk.0.attn_q.weight:f32:4 \
    blk.0.attn_q.bias:f32:4 'a*:f32:4' ab:f32:4 'x[0]:f32:4' x:f32:4x4 'x[0].weight:f32:4'
gguf-dq list --names m.gguf blk.0.attn_q
echo
gguf-dq list --names m.gguf 'a*'
echo
gguf-dq list --names m.gguf 'x[0]'
echo
gguf-dq list --names m.gguf -t 'x[0].weight'
gguf-dq extract -n m.gguf 'x[0]' 'x[0][1:3]' 'x[1]'
