#!/bin/sh
# With a model, bench measures the types that it uses and counts the weights of all tensors or of
# the selected ones. With tensor names only, the model is searched for.
types='import json, sys
report = json.load(sys.stdin)
print(*sorted({row["type"] for row in report["results"]}))
print(*((row["way"], row["weights"], row["seconds"] > 0) for row in report["model"]))'
gguf-dq bench --json --device cpu --cpu baseline --time 1 "$DATA/sample.gguf" output.weight |
    "$PYTHON" -c "$types"
gguf-dq bench --json --device cpu --cpu baseline --time 1 --type q4_k "$DATA/sample.gguf" |
    "$PYTHON" -c "$types"
gguf-dq bench --device cpu --cpu baseline --threads 2 --time 1 "$DATA/sample.gguf" \
    output.weight | tail -n 2 | sed 's/[0-9]*\.[0-9]* s/N s/'
gguf-dq bench --device cpu --type tq1_0 "$DATA/sample.gguf" output.weight
echo $?
GGUF_DQ_MODEL=$DATA/sample.gguf gguf-dq bench --json --device cpu --cpu baseline --time 1 \
    'blk.0.attn_*.weight' | "$PYTHON" -c "$types"
cp "$DATA/sample.gguf" .
gguf-dq bench --device cpu --time 1 outptu
echo $?
gguf-dq bench --device cpu --time 1 'output.weight[0]'
echo $?
rm sample.gguf
gguf-dq bench --device cpu --time 1 output.weight
echo $?
