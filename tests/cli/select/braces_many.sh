#!/bin/sh
# Braces that expand to thousands of patterns select the same tensors as a filter on the list.
"$PYTHON" "$TESTS/lib/make_big.py" model.gguf --tensors 3000
gguf-dq list --names model.gguf >names
check() { # check PATTERN REGULAR-EXPRESSION
    gguf-dq list --names model.gguf "$1" >got
    grep -E "$2" names | cmp - got && wc -l <got
}
check 'blk.{0..5000}.attn_q.weight' '^blk\.[0-9]+\.attn_q\.weight$'
check 'blk.{0..5000}.{attn_q,attn_k}.*' '^blk\.[0-9]+\.attn_[qk]\.'
check '{blk.{1..2000},*.ffn_up,blk.[0-9].ffn_?p}.weight' 'ffn_up\.weight$'
check '*{0..999}*' '[0-9]'
