#!/bin/sh
# meson: gpu timeout=300
# If the GPU fails halfway, the JSON report is still complete and says so.
cp "$DATA/sample.gguf" m.gguf
DQ_HOST_FAIL=launch:5 gguf-dq verify --json m.gguf >report.json
echo "exit $?"
"$PYTHON" - <<'EOF'
import json
with open('report.json') as f:
    report = json.load(f)
# What is in front of the chunk whose launch failed is reported.
print(0 <= len(report['tensors']) < 10, report['verdict'], report['error'])
EOF
# JSONL ends with the reason. If the model cannot be opened, the report has nothing else.
DQ_HOST_FAIL=launch:1 gguf-dq verify --jsonl m.gguf output.bias
DQ_HOST_FAIL=launch:2 gguf-dq verify --self-test --jsonl -d f32 | tail -n 1
gguf-dq verify --json missing.gguf; echo $?
gguf-dq verify --jsonl missing.gguf; echo $?
