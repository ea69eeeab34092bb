#!/bin/sh
# meson: slow timeout=600
# A tensor of more than 2^32 weights, in many rows and in a single row: slices on both sides of that
# index are right, and the whole tensor is extracted in little memory.
measure() {
    "$PYTHON" "$TESTS/cli/tools/measure.py" gguf-dq "$@"
}
for flat in '' --flat; do
    # shellcheck disable=SC2086 # no word if it is empty
    "$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 4700M --type q8_0 $flat
    gguf-dq list big.gguf | tail -n 1
    # shellcheck disable=SC2086
    "$PYTHON" "$TESTS/cli/limits/large_tensor.py" slices big.gguf 4700M $flat
done

# Native, and as f16 with each weight checked at its place in the output.
measure extract -q -d native -f raw -o - big.gguf | wc -c
measure extract -q -d f16 -f raw -o - big.gguf |
    "$PYTHON" "$TESTS/cli/limits/large_tensor.py" stream 4700M
measure extract -q -f raw -o /dev/null --json big.gguf |
    "$PYTHON" -c 'import json, sys
out = json.load(sys.stdin)["outputs"][0]
print(out["shape"], out["bytes"], out["status"])'
# With a sanitizer, decoding all of it twice takes too long.
part=
[ -z "${GGUF_DQ_SANITIZED-}" ] || part='[4294900000:4295000000]'
measure verify -q --device cpu big.gguf "big.weight$part" | tail -n 1 |
    sed 's/tensor, [0-9]* weights/tensor, N weights/'
