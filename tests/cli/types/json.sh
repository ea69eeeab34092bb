#!/bin/sh
# meson: valgrind
# JSON has the same rows as the table, in one object or one a line.
gguf-dq types --json >all.json
gguf-dq types --jsonl >lines.jsonl
gguf-dq types >table
head -n 3 lines.jsonl | sed 's/\["cpu".*/["cpu" .../'
"$PYTHON" - <<'EOF'
import json
with open('all.json') as f:
    report = json.load(f)
rows = report['types']
with open('lines.jsonl') as f:
    lines = [json.loads(line) for line in f]
with open('table') as f:
    table = [line.split() for line in f][1:]
shown = [[str(r['id']), r['name'], str(r['block_weights']), str(r['block_bytes']),
          format(r['bits_per_weight'], '.6g'), r['default_dtype'], *r['decoders']] for r in rows]
print(len(rows) >= 35, rows == lines, shown == table, list(report), report['error'])
EOF
