#!/bin/sh
# meson: gpu timeout=300
# Models of all kinds are equal: all types, a split set, big-endian, hard blocks; in all dtypes.
verify() {
    gguf-dq verify "$@" >out
    echo "$? $(tail -n 1 out) $(grep -c ' equal$' out)"
}
cd "$DATA/gguf/good" || exit
cp all_types.gguf hard_blocks.gguf big_endian.gguf split-*.gguf odd_names.gguf "$OLDPWD"
cd "$OLDPWD" || exit
cp "$DATA/sample.gguf" .
gguf-dq verify split-00002-of-00003.gguf | sed '/^bound by the /d'
gguf-dq verify big_endian.gguf | sed '/^bound by the /d'
for dtype in f32 f16 bf16; do
    echo "$dtype"
    for model in sample.gguf all_types.gguf hard_blocks.gguf big_endian.gguf odd_names.gguf \
        split-00001-of-00003.gguf; do
        verify -d "$dtype" "$model"
    done
done
