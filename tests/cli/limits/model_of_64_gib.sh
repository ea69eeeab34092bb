#!/bin/sh
# meson: slow timeout=600
# A model of 64 GiB in a sparse file: arrays are right wherever they lie in it, in little memory.
# The parts that read much take only the first tensor and the last.
measure() {
    "$PYTHON" "$TESTS/cli/tools/measure.py" gguf-dq "$@"
}
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 4G --count 16 --type q8_0
measure list big.gguf
for tensor in big.0 big.9 big.15; do
    for slice in 0 493447 -1 '-1:0:-493447, ::1365'; do
        gguf-dq extract -q -f raw -o - big.gguf "${tensor}[$slice]" | cksum
    done
done | sort | uniq -c | awk '{ print $1, $3 }'
measure extract -q -d native -f raw -o - big.gguf big.0 big.15 | wc -c
measure extract -q -d f16 -f raw -o /dev/null big.gguf big.15
measure verify -q --device cpu big.gguf 'big.0[:1000]' 'big.15[-1000:]' 'big.7[::500]' | tail -n 1

# Where each tensor begins in the output, without waiting for all of it.
measure extract -q -n --json -f raw -o /dev/null big.gguf >outputs.json
measure extract -q -f raw -o /dev/null --manifest manifest.json big.gguf 'big.*[-9:]'
"$PYTHON" -c 'import json
for name in "outputs.json", "manifest.json":
    at = 0
    for out in json.load(open(name))["outputs"]:
        assert out["offset"] == at, out
        at += out["bytes"]
    print(at)'
