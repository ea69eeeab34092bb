#!/bin/sh
# meson: gpu timeout=300
# The report describes what the wrong weights have in common.
cp "$DATA/sample.gguf" m.gguf
"$PYTHON" "$TESTS/lib/make_model.py" tiny.gguf --scale 1e-40 'w:f32:2x64'
"$PYTHON" "$TESTS/lib/make_model.py" tiny16.gguf --scale 1e-6 'w:f16:2x64'
verify() {
    DQ_HOST_WRONG=$1
    shift
    DQ_HOST_WRONG=$DQ_HOST_WRONG gguf-dq verify "$@" >out
    echo "$? $(grep -c 'looks like:' out) $(tail -n 1 out)"
    sed -n 's/^  looks like: //p' out | sort | uniq -c
    grep -m 1 '^  host:0: ' out
}
for dtype in f32 f16 bf16; do
    echo "-- $dtype"
    verify zero-sign:0-99999 m.gguf -d "$dtype"
    verify flushed:0-99999 tiny.gguf -d "$dtype"
    verify flushed:0-99999 tiny16.gguf -d "$dtype"
    verify from-32:0-99999 m.gguf -d "$dtype"
    verify unstable:0-0 m.gguf -d "$dtype" output.weight # a single launch: their order varies
    verify bits:0-0 m.gguf -d "$dtype" output
    verify bits:31-99 m.gguf -d "$dtype" blk.0.attn_v.weight
    verify bits:32-99 m.gguf -d "$dtype" blk.0.attn_v.weight
done
