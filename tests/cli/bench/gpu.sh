#!/bin/sh
# meson: gpu timeout=300
# bench on a GPU reports kernel and end-to-end rates, and checks what the kernels write.
measure() {
    gguf-dq bench --jsonl --size 1 --time 1 --type q4_k --device "$@"
}
DQ_HOST_DEVICES=1 measure gpu |
    "$PYTHON" -c 'import json, sys
for line in sys.stdin:
    row = json.loads(line)
    print(row["device"], row.get("limit", row.get("way")), row["gbs"] > 0)'
measure gpu:2; echo $?
DQ_HOST_WRONG=bits:0-9999999:dq_q4_k_f32 measure gpu:0 >/dev/null; echo $?
DQ_HOST_FAIL=launch:4+ measure gpu:1 >/dev/null; echo $?
# JSON of a run that fails is whole.
DQ_HOST_FAIL=launch:4+ gguf-dq bench --json --size 1 --time 1 --type q4_k --device gpu:1 2>/dev/null |
    "$PYTHON" -c 'import json, sys
report = json.load(sys.stdin)
print(*report, report["results"], report["model"], report["error"])'
# The first usable GPU.
DQ_HOST_FAIL=open:1 measure gpu | sed -n 's/.*"device": "\([^"]*\)".*/\1/p' | uniq
# Several GPUs are also measured together.
measure gpu:all | sed -n 's/.*"device": "\([^"]*\)", "way": "\([^"]*\)".*/\1 \2/p'
# With several devices, the working ones are measured.
DQ_HOST_FAIL=open:1 measure auto --cpu baseline | grep -c '"way"'
# Files are also measured on each device.
mkdir out
measure gpu:all --to out --threads 2 |
    sed -n 's/.*"device": "\([^"]*\)", "\(way\|limit\)": "\(files\|write, files\)".*/\1 \2 \3/p'
ls out
