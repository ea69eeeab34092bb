#!/bin/sh
# meson: gpu sandbox timeout=300
# A GPU runtime needs its privileges: the sandbox is off if one is loaded, even if the CPU does the
# work in the end, and on otherwise.
cp "$DATA/sample.gguf" m.gguf
mkdir out
try() {
    echo "== $*"
    LD_PRELOAD=$INTRUDER gguf-dq "$@" >/dev/null 2>words
    grep -E '^(reads|starts a program|gguf-dq: not in a sandbox): ' words
}
try extract -q --device gpu -o out/ m.gguf output.weight
try extract -q --device auto --force -o out/ m.gguf output.weight
export GGUF_DQ_AUTO_MIN=1
try extract -q --force -o out/ m.gguf output.weight
DQ_HOST_DEVICES=0 try extract -q --force -o out/ m.gguf output.weight
DQ_HOST_DEVICES=0 try extract -v --force -o out/ m.gguf output.weight
DQ_HOST_ABSENT=1 try extract -v --force -o out/ m.gguf output.weight
DQ_HOST_FAIL=launch:1 try extract -q --force -o out/ m.gguf output.weight
try extract -q --device cpu --force -o out/ m.gguf output.weight
try verify -q m.gguf output.weight
try verify -q --device cpu m.gguf output.weight
try list m.gguf
