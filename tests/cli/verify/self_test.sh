#!/bin/sh
# meson: gpu timeout=300
# Every type in every dtype, on the device, against the built-in weights.
# shellcheck source=/dev/null
. "$TESTS/lib/totals.sh"
gguf-dq verify --self-test >all
head -n 9 all
tail -n 1 all | totals
echo "$(($(grep -c ' equal$' all) - 3 * N_TYPES))"
gguf-dq verify --self-test --dtype bf16 | tail -n 1 | totals
gguf-dq verify --self-test --json >all.json
gguf-dq verify --self-test --jsonl >all.jsonl
"$PYTHON" - <<'EOF'
import json
import os
with open('all.json') as f:
    report = json.load(f)
with open('all.jsonl') as f:
    lines = [json.loads(line) for line in f]
n_types, n_weights = int(os.environ['N_TYPES']), int(os.environ['N_WEIGHTS'])
print(report.pop('weights') == 3 * n_weights, {key: value for key, value in report.items() if key != 'checks'})
print(report['checks'] == lines, len(lines) == 3 * n_types, lines[104])
print(len({(line['type'], line['dtype']) for line in lines}) == 3 * n_types)
EOF
# No other argument is allowed with it.
cp "$DATA/sample.gguf" .
for words in sample.gguf '-t x' '-T x' '-x y' '-d native'; do
    # shellcheck disable=SC2086 # several words
    gguf-dq verify --self-test $words
    echo "$?"
done
