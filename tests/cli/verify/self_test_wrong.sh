#!/bin/sh
# meson: gpu timeout=300
# One of the 111 kernels is wrong.
# shellcheck source=/dev/null
. "$TESTS/lib/totals.sh"
DQ_HOST_WRONG=bits:70-71:dq_q5_k_f16 gguf-dq verify --self-test >out
echo "$?"
sed '/ equal$/d' out | totals
DQ_HOST_WRONG=bits:70-71:dq_q5_k_f16 gguf-dq verify --self-test --json >out.json
echo "$?"
"$PYTHON" - <<'EOF'
import json
with open('out.json') as f:
    report = json.load(f)
print([c for c in report['checks'] if c['verdict'] != 'equal'])
print(report['verdict'], report['mismatches'])
EOF
