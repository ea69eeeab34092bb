#!/bin/sh
# JSON has the same rows as the table, in one object or a line each.
gguf-dq formats --json >all.json
gguf-dq formats --jsonl >lines.jsonl
gguf-dq formats >table
head -n 3 lines.jsonl | sed 's/\["cpu".*/["cpu" .../'
"$PYTHON" - <<'EOF'
import json
with open('all.json') as f:
    rows = json.load(f)['formats']
with open('lines.jsonl') as f:
    lines = [json.loads(line) for line in f]
with open('table') as f:
    table = [line.split() for line in f][1:]
shown = [[str(r['id']), r['name'], str(r['block_weights']), str(r['block_bytes']),
          format(r['bits_per_weight'], '.6g'), r['default_dtype'], *r['decoders']] for r in rows]
print(len(rows), rows == lines, shown == table)
EOF
