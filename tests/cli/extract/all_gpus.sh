#!/bin/sh
# meson: gpu timeout=300
# --device gpu:all writes the same bytes with several GPUs as with the CPU. GPUs that cannot be used
# are skipped with a message; a GPU that fails during the run ends it and is named.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf a:q4_k:1500x4096 b:f32:1x4096 c:q8_0:300x4096
gguf-dq extract -q --device cpu -f raw m.gguf -o cpu/
for n in 1 2 3; do
    export DQ_HOST_DEVICES=$n
    gguf-dq extract -v --device gpu:all -f raw m.gguf -o gpu/
    diff -r cpu gpu && rm -r gpu
    gguf-dq extract -q --device host:all -f raw m.gguf a -o - | cmp - cpu/a.raw
done
echo '-- left out'
DQ_HOST_FAIL=open:2 gguf-dq extract --device gpu:all -f raw m.gguf -o gpu/ --json >gpu.json
diff -r cpu gpu && rm -r gpu
"$PYTHON" - <<'EOP'
import json
with open('gpu.json') as f:
    report = json.load(f)
print(report['device'], '|', report['why'], '|', {o['device'] for o in report['outputs']})
EOP
DQ_HOST_FAIL=open:1+ gguf-dq extract --device gpu:all -f raw m.gguf -o gpu/
echo "$?"
gguf-dq extract --device hip:all -f raw m.gguf -o gpu/
echo "$?"
echo '-- one fails'
DQ_HOST_FAIL=launch:4 gguf-dq extract --device gpu:all -f raw m.gguf -o gpu/ 2>words
echo "$? $(sed 's/host:[0-9]: host/host:N: host/' words)"
# What the other GPU completed before that is right, and nothing else is left.
diff -r cpu gpu | grep -v '^Only in cpu: [abc]\.raw$'
# Every device name in a report is listed by `devices`.
gguf-dq devices --jsonl | sed -n 's/.*"device": "\(host:[0-9]*\)".*/\1/p'
