#!/bin/sh
# --to adds a column for files, with writers as its limit, and leaves no file behind.
mkdir out
bench() {
    gguf-dq bench --device cpu --cpu baseline --size 1 --time 1 --threads 2 --type q4_k,f32 --to "$@"
}
bench out --json "$DATA/sample.gguf" >report.json || exit 1
ls -A out
"$PYTHON" - <<'END_OF_PROGRAM'
import json

with open('report.json') as f:
    report = json.load(f)
limits = {(row['device'], row['limit']): row['gbs'] for row in report['limits']}
print(*sorted(limits))
for row in report['results']:
    if row['way'] == 'files':
        expected = row['gbs'] / limits[row['device'], 'write, files']
        print(row['type'], row['device'], row['of'], 0.99 < row['share'] / expected < 1.01)
print(*((row['device'], row['way'], row['seconds'] > 0) for row in report['model']))
END_OF_PROGRAM
bench out -d bf16 | sed -n 's/  *$//; /^TYPE/p'
# Files that cannot be written, and a folder that does not exist.
(
    ulimit -f 512
    bench out 2>&1 >/dev/null | sed 's/bench-[0-9]*-[12]/bench-PID-N/'
)
ls -A out
bench missing; echo $?
# A signal.
(
    gguf-dq bench -q --device cpu --size 64 --time 100000 --threads 2 --type q4_k --to out >/dev/null &
    until [ -n "$(find out -name '*raw*')" ]; do sleep 0.02; done
    kill -TERM $!
    wait $!
    echo $?
) 2>/dev/null # the shell's own word for the signal
ls -A out
