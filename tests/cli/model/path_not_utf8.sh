#!/bin/sh
# Reports can hold a model path that is not valid UTF-8.
"$PYTHON" -c 'import os; os.mkdir(b"\xff")'
cp "$DATA/gguf/good/small_valid.gguf" "$(printf '\377/m\303.gguf')"
model=$(printf '\377/m\303.gguf')
gguf-dq extract -q --json -o json/ "$model" >json.json
echo "exit $?"
gguf-dq extract -q --jsonl -o jsonl/ "$model" >jsonl.json
echo "exit $?"
gguf-dq extract -q --manifest manifest.json -o manifest/ "$model"
echo "exit $?"
gguf-dq extract -q --json -n -o none/ "$model" >plan.json
echo "exit $?"
gguf-dq list --json "$model" >list.json
echo "exit $?"
"$PYTHON" - <<'END'
import json
for name in 'json.json', 'manifest.json', 'plan.json':
    with open(name, encoding='utf-8') as f:
        report = json.load(f)
        print(name, ascii(report['model']), [ascii(o['source']['file']) for o in report['outputs']])
with open('jsonl.json', encoding='utf-8') as f:
    for line in f:
        print('jsonl.json', ascii(json.loads(line)['source']['file']))
with open('list.json', encoding='utf-8') as f:
    print('list.json', ascii(json.load(f)['model']))
END
gguf-dq extract -q "$model"
ls
