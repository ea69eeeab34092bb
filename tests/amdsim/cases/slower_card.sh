#!/bin/sh
# meson: timeout=300
# Of two cards, the slower one gets the smaller part, because each takes the next chunk when it is done with one. (In
# order, as for a pipe, a card can only be ahead by its own lanes.)
export DQ_AMD_TARGET="$DQ_TEST_TARGET,$DQ_TEST_TARGET" DQ_AMD_LEAKS=1 DQ_AMD_SLOW=1 DQ_AMD_REPORT="$PWD/report"
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf a:q8_0:512x4096 b:q8_0:512x4096
gguf-dq extract -q --device cpu -f raw m.gguf -o cpu/
gguf-dq extract -q --device hip:all --max-memory 4MiB -j 4 -f raw m.gguf -o hip/
diff -r cpu hip
# gfx900: kernels=1 launches=13 ...
sed 's/.*launches=\([0-9]*\).*/\1/' report | paste -d ' ' - - | while read -r fast slow; do
    echo "$((fast + slow)) chunks; the slower card had some: $((slow > 0)), at most half as many as the other: $((2 * slow <= fast))"
done
