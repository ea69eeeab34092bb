#!/bin/sh
# meson: timeout=300
# Any call may fail, at once or at the next synchronisation. If the card was requested, the failure
# is reported, a late one by whichever call comes next; with auto the CPU takes over and the bytes are
# right. All resources are released.
cp "$DATA/sample.gguf" m.gguf
export DQ_AMD_TARGET="$DQ_TEST_TARGET" DQ_AMD_LEAKS=1
gguf-dq extract -q --device cpu m.gguf -o cpu/
for fault in hipSetDevice:1 hipModuleLoadData:1=999 hipStreamCreateWithFlags:1 hipModuleGetFunction:1 \
    hipMemcpyHtoDAsync:1 hipMemcpyHtoDAsync:9 hipMemcpyDtoHAsync:2 hipModuleLaunchKernel:1 \
    hipModuleLaunchKernel:7 hipStreamSynchronize:1 hipStreamSynchronize:9 \
    hipMemcpyHtoDAsync:1~ hipMemcpyHtoDAsync:9~=700 hipMemcpyDtoHAsync:3~=700 \
    hipModuleLaunchKernel:1~ hipModuleLaunchKernel:7~ hipModuleLaunchKernel:3~=2 \
    hipStreamSynchronize:12=2; do
    echo "-- $fault"
    DQ_AMD_FAIL=$fault gguf-dq extract -q --device hip m.gguf -o hip/ 2>words
    echo "$?"
    call='nothing'
    [ "$fault" = "${fault#*~}" ] || call='hip[A-Z][A-Za-z]*'
    sed "s/tensor .[a-z0-9._]*.: //; s/: $call: /: the next call: /" words
    for file in hip/*; do
        [ ! -e "$file" ] || cmp "$file" "cpu/${file#hip/}"
    done
    DQ_AMD_FAIL=$fault GGUF_DQ_AUTO_MIN=1 gguf-dq extract -q m.gguf -o auto/ 2>words
    echo "$?"
    diff -r cpu auto
    rm -rf hip auto
done
