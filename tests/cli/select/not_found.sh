#!/bin/sh
# Nothing matches: exit 4, with the nearest names.
cp "$DATA/sample.gguf" "$DATA/gguf/good/no_kv_no_tensors.gguf" .
try() {
    gguf-dq "$@"
    echo "exit $?"
}
try list sample.gguf blk.0.atn_q
try list sample.gguf ouptut.weight
try list sample.gguf BLK.0.ATTN_Q
try list sample.gguf frobnicate
try list sample.gguf 'blk.9.*'
try list sample.gguf ffn_gate_inp
try list sample.gguf ''
try extract -o - sample.gguf 'token_embed[0]'
try extract sample.gguf output nothing
try list no_kv_no_tensors.gguf x
try extract no_kv_no_tensors.gguf '*'
ls
