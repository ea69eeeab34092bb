#!/bin/sh
# meson: gpu timeout=300
# If a GPU fails while containers are written, the CPU completes them, and what was complete is kept.
cp "$DATA/gguf/good/all_types.gguf" m.gguf
for format in npz safetensors gguf; do
    gguf-dq extract -q --device cpu -o cpu.$format m.gguf 'blk.0.q*' 'blk.0.mxfp4*'
    gguf-dq extract -q --device cpu -f $format -o - m.gguf 'blk.0.q*' 'blk.0.mxfp4*' >cpu.pipe
    for n in 2 7 14; do
        export GGUF_DQ_AUTO_MIN=1 DQ_HOST_DEVICES=1 DQ_HOST_FAIL=launch:$n
        gguf-dq extract -o auto.$format m.gguf 'blk.0.q*' 'blk.0.mxfp4*' 2>words
        grep -c 'continuing on the CPU' words
        cmp auto.$format cpu.$format
        gguf-dq extract -f $format -o - m.gguf 'blk.0.q*' 'blk.0.mxfp4*' 2>words | cmp - cpu.pipe
        grep -c 'continuing on the CPU' words
        gguf-dq extract -q --device gpu -o gpu.$format m.gguf 'blk.0.q*' 'blk.0.mxfp4*' 2>words
        echo "exit $?"
        rm auto.$format
        unset GGUF_DQ_AUTO_MIN DQ_HOST_DEVICES DQ_HOST_FAIL
    done
done
ls
