#!/bin/sh
# --dry-run prints what would be written, refuses what would be refused, and writes nothing.
cp "$DATA/sample.gguf" .
gguf-dq extract --dry-run sample.gguf -o out blk.0.attn_q
echo "exit $?"
gguf-dq extract --dry-run sample.gguf -o a/b/ 'blk.0.attn_*' --manifest m.json
echo "exit $?"
gguf-dq extract -n sample.gguf -d f16 -f raw 'blk.0.attn_*[0]'
gguf-dq extract -n sample.gguf -o - position_ids
gguf-dq extract -n sample.gguf -o - -d native output.weight
gguf-dq extract -n --json sample.gguf -o x.npy position_ids
gguf-dq extract -n --jsonl sample.gguf -d native output.weight position_ids
gguf-dq extract -n sample.gguf -o sample.gguf position_ids
echo "exit $?"
gguf-dq extract -n sample.gguf -d bf16 position_ids
echo "exit $?"
ls -A
