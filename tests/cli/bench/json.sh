#!/bin/sh
# The JSON report is complete and its figures agree with each other. The speed itself is not tested.
gguf-dq bench --json --device cpu --time 1 --type q4_0,IQ3_S -d f16 --threads 2 >report.json || exit 1
"$PYTHON" - <<'END'
import json

with open('report.json') as f:
    report = json.load(f)
print(*report)
limits = {(row['device'], row['limit']): row['gbs'] for row in report['limits']}
print(*sorted(limits))
print(*sorted({(row['type'], row['dtype']) for row in report['results']}))
print(*sorted({row['way'] for row in report['results']}), len(report['model']))
for row in report['results']:
    name = ('cpu', 'fill, cache') if row['way'] == 'cache' else ('cpu x2', 'fill, memory')
    expected = row['gbs'] / limits[name]
    if not 0 < row['gbs'] or not 0.99 < row['share'] / expected < 1.01 or not 0 <= row['spread']:
        print('does not fit:', row)
END
gguf-dq bench --jsonl --device cpu --cpu baseline --time 1 --type f32 |
    "$PYTHON" -c 'import json, sys; print(*(len(json.loads(line)) for line in sys.stdin))'
# A report of a run that fails is complete and says why.
gguf-dq bench --json --device cpu missing.gguf; echo $?
gguf-dq bench --jsonl --device cpu missing.gguf; echo $?
