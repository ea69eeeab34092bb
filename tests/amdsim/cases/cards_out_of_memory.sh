#!/bin/sh
# meson: timeout=300
# With less memory, buffers get smaller and lanes fewer; with too little, the card cannot be used,
# and with auto the CPU does the work. All that was allocated is freed.
cp "$DATA/sample.gguf" m.gguf
gguf-dq extract -q --device cpu -f raw m.gguf 'blk.0.*' -o - >cpu
export DQ_AMD_TARGET="$DQ_TEST_TARGET" DQ_AMD_LEAKS=1
for memory in 100000000 5000000 1000000 98308; do
    echo "$memory bytes"
    DQ_AMD_MEMORY=$memory gguf-dq extract -q --device hip -f raw m.gguf 'blk.0.*' -o - | cmp - cpu
done
echo '1000 bytes'
DQ_AMD_MEMORY=1000 gguf-dq extract --device hip m.gguf 'blk.0.*' -o x/
echo "$?"
DQ_AMD_MEMORY=1000 GGUF_DQ_AUTO_MIN=1 gguf-dq extract -q -f raw m.gguf 'blk.0.*' -o - | cmp - cpu
# The n-th allocation fails: buffers of half the size, or one lane less.
for function in hipMalloc hipHostMalloc; do
    for n in 1 2 3 4 5 6; do
        DQ_AMD_FAIL=$function:$n gguf-dq extract -q --device hip -f raw m.gguf 'blk.0.*' -o - |
            cmp - cpu
    done
    DQ_AMD_FAIL=$function:1+ gguf-dq extract --device hip m.gguf 'blk.0.*' -o x/
    echo "$?"
done
ls
