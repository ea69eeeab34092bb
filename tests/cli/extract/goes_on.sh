#!/bin/sh
# A run that failed says how to go on; a directory that does not exist is named.
cp "$DATA/sample.gguf" .
(
    ulimit -f 100
    gguf-dq extract -j 1 -o out/ sample.gguf rope_freqs.weight blk.0.attn_q.weight
    echo "exit $?"
)
ls -A out
gguf-dq extract --skip-existing -o out/ sample.gguf rope_freqs.weight blk.0.attn_q.weight
gguf-dq extract -o no/such/x.npy sample.gguf position_ids
echo "exit $?"
gguf-dq extract -o x.npy --manifest nowhere/m.json sample.gguf position_ids
echo "exit $?"
