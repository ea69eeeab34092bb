#!/bin/sh
# meson: gpu timeout=300
# Falling back to the CPU is reported in text and in JSON.
cp "$DATA/sample.gguf" m.gguf
export GGUF_DQ_AUTO_MIN=1
gguf-dq extract -v m.gguf output.weight -o a/
DQ_HOST_DEVICES=0 gguf-dq extract -v m.gguf output.weight -o b/
GGUF_DQ_AUTO_MIN=300000 gguf-dq extract -v m.gguf output.weight -o c/
gguf-dq extract -v m.gguf output.weight -o d/ --device host:1
gguf-dq extract -v m.gguf output.weight -o e/ --device cpu
DQ_HOST_FAIL=launch:2 gguf-dq extract -v m.gguf 'output*' -o f/ --manifest f.json --json >g.json
echo "$?"
cmp f.json g.json
DQ_HOST_FAIL=launch:2 gguf-dq extract -q m.gguf 'output*' -o h/ --jsonl >h.jsonl
"$PYTHON" - <<'EOF'
import json
with open('f.json') as f:
    outputs = json.load(f)['outputs']
with open('h.jsonl') as f:
    lines = [json.loads(line) for line in f]
# The last two are written at once: the one whose launch fails is left to the CPU, and the other, too, if
# it was not begun yet.
for report in outputs, lines:
    devices = [o['device'] for o in report]
    print(devices[0], 'cpu' in devices[1:], set(devices) == {'cpu', 'host:0'}, [o['status'] for o in report])
EOF
# Another GPU is tried before the CPU.
DQ_HOST_FAIL=open:1 gguf-dq extract -v m.gguf output.weight -o i/
DQ_HOST_FAIL=open:1 gguf-dq extract -v m.gguf output.weight -o j/ --device gpu
DQ_HOST_FAIL=open:1+ gguf-dq extract -v m.gguf output.weight -o k/
# A dry run opens no GPU.
DQ_HOST_FAIL=count:1 gguf-dq extract -v --dry-run --device gpu m.gguf output.weight
# Nor do other commands.
DQ_HOST_FAIL=count:1,open:1 gguf-dq list --names m.gguf | tail -n 1
