#!/bin/sh
# meson: gpu timeout=300
# Runtimes may report that memory is exhausted at a launch or another call: then the GPU cannot be
# used, or the CPU takes over.
cp "$DATA/sample.gguf" m.gguf
gguf-dq extract -q --device cpu m.gguf -o cpu/
export DQ_HOST_MEMORY=100000 # one lane, which copies once when it opens
for fault in kernel:1! launch:1! sync:2! copy_in:2! copy_out:1!; do
    echo "-- $fault"
    DQ_HOST_FAIL=$fault gguf-dq extract --device gpu m.gguf -o gpu/
    echo "$? $(find gpu -type f | wc -l)"
    DQ_HOST_FAIL=$fault gguf-dq verify m.gguf >/dev/null
    echo "$?"
    DQ_HOST_FAIL=$fault GGUF_DQ_AUTO_MIN=1 gguf-dq extract --force m.gguf -o gpu/
    echo "$?"
    diff -r cpu gpu
    rm -r gpu
done
