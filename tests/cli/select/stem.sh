#!/bin/sh
# A name without its last component selects .weight, .bias and so on: exactly one component more.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf blk.0.attn_q.weight:f32:4 blk.0.attn_q.bias:f32:4 \
    blk.0.attn_q.weight.scale:f32:4 blk.0.attn_qkv.weight:f32:4 output.weight:f32:4
gguf-dq list --names m.gguf blk.0.attn_q
echo
gguf-dq list --names m.gguf output
echo
gguf-dq list --names m.gguf blk.0
echo "exit $?"
