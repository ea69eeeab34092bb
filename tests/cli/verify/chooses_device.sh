#!/bin/sh
# meson: gpu timeout=300
# A device is selected by driver and index, or by its index among all.
cp "$DATA/sample.gguf" m.gguf
for device in auto gpu host host:1 gpu:1; do
    gguf-dq verify m.gguf output.bias --device "$device" | head -n 1
done
# Without a number, the first that can be used; with one, that or none.
for device in auto gpu host gpu:0 host:0; do
    DQ_HOST_FAIL=open:1 gguf-dq verify m.gguf output.bias --device "$device" 2>words | head -n 1
    cat words
done
DQ_HOST_FAIL=open:1 gguf-dq verify m.gguf output.bias --device gpu:0 2>words
echo "$?"
for device in gpu:2 host:5 gpu:1023 hip cuda:0 gpu: gpu:x host:-1 cpu:1 auto:0 hos hosts '' \
    gpu:99999999999999999999; do
    gguf-dq verify m.gguf output.bias --device "$device" 2>words
    echo "$device: $? $(head -n 1 words)"
done
