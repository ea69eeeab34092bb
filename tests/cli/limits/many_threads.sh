#!/bin/sh
# meson: threads slow timeout=300
# More threads than processors: each takes 2 MiB, or 2.4 MiB for verify, and there are at most 64.
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 256M --type q8_0
extract() {
    "$PYTHON" "$TESTS/cli/tools/measure.py" --most="$2" gguf-dq extract -q -j "$1" -f raw -o - big.gguf |
        cksum
}
{
    extract 1 20
    extract 8 24
    extract 64 140
    extract 4096 140
} | uniq | wc -l
"$PYTHON" "$TESTS/cli/tools/measure.py" --most=168 gguf-dq verify -q -j 64 --device cpu big.gguf |
    tail -n 1
