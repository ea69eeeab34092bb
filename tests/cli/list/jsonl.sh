#!/bin/sh
# --jsonl prints one object a line, with the same contents as --json.
cp "$DATA/sample.gguf" .
gguf-dq list --jsonl sample.gguf >lines.jsonl
gguf-dq list --json sample.gguf >all.json
head -n 2 lines.jsonl
"$PYTHON" - <<'EOF'
import json
with open('all.json') as f:
    tensors = json.load(f)['tensors']
with open('lines.jsonl') as f:
    print([json.loads(line) for line in f] == tensors)
EOF
