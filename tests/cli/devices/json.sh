#!/bin/sh
# meson: gpu timeout=300
# The list of devices as one JSON object, and as one object a line. A device that fails does not end
# the list.
DQ_HOST_FAIL=open:1 gguf-dq devices --json >list.json
DQ_HOST_FAIL=open:1 gguf-dq devices --jsonl >list.jsonl
"$PYTHON" - <<'EOF'
import json
with open('list.json') as f:
    report = json.load(f)
devices = report['devices']
print(list(report), report['error'])
with open('list.jsonl') as f:
    print(devices == [json.loads(line) for line in f])
cpus = [d for d in devices if d['device'].startswith('cpu ')]
print(devices[:len(cpus)] == cpus, cpus[0]['device'], cpus[0]['usable'])
print([d['device'] for d in cpus if d['reason'] == 'the default'] ==
      [d['device'] for d in cpus if d['usable']][-1:])
for device in devices[len(cpus):]:
    print(device)
EOF
