#!/bin/sh
# meson: gpu timeout=300
# Several GPUs are verified together, with any number of threads. Except for the speed, the report
# is the same, and it names the GPU with the first wrong weight. The self-test runs on each.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf a:q4_k:1500x4096 b:bf16:1x4096 c:iq2_xs:900x4096
export DQ_HOST_DEVICES=3
# shellcheck source=/dev/null
. "$TESTS/lib/totals.sh"
verify() { "$TESTS/cli/tools/verify.sh" m.gguf --device gpu:all "$@"; }
verify
verify -d f16 'a[::-3]' --json
DQ_HOST_FAIL=describe:2 verify a
# Which GPU gets the first chunk varies; the rest does not. (The index of a fault counts from the start
# of a chunk, and with more than 12 threads chunks are smaller.)
export DQ_HOST_WRONG=bits:77-900
for slice in '[:]' '[::-1]' '[5:1400:7, 1000:3000]'; do
    for n in 1 2 3 8 12; do
        verify -j "$n" "a$slice" | sed 's/host:[0-9] *:/host:N:/' >"out.$n"
        cmp out.1 "out.$n"
        gguf-dq verify m.gguf --device gpu -j "$n" "a$slice" | grep '^ *[Tat1-9]' |
            sed '/^bound by/d' >"one.$n"
        cmp one.1 "one.$n"
    done
    tail -n 1 out.1 | sed 's/[0-9]* mism/N mism/'
done
head -n 7 out.1 | cut -c1-100
unset DQ_HOST_WRONG
gguf-dq verify --self-test --device gpu:all -d f32 --jsonl |
    sed 's/.*"device": "\(host:[0-9]\)".*"verdict": "\([a-z]*\)".*/\1 \2/' | sort | uniq -c |
    sed "s/ $N_TYPES / N_TYPES /"
echo '-- speed'
gguf-dq verify m.gguf --device gpu:all -j 5 | sed -n 's/[0-9][0-9.e+-]* /N /gp' | grep bound |
    sed 's/device:/DEVICE:/; s/reference:/DEVICE:/; s/file:/DEVICE:/'
gguf-dq verify m.gguf --json -j 5 >all.json
"$PYTHON" - <<'EOP'
import json
with open('all.json') as f:
    speed = json.load(f)['speed']
print(list(speed), speed['bytes'], speed['threads'], speed['bound'] in ('device', 'reference', 'file'))
print(all(speed[key] > 0 for key in ('seconds', 'reading', 'decoding', 'comparing')))
EOP
