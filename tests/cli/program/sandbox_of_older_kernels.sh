#!/bin/sh
# meson: sandbox
# What cannot be done does not depend on the version (ABI) of the kernel's Landlock. Where there is none,
# seccomp remains, and -v says what is there.
cp "$DATA/sample.gguf" m.gguf
mkdir -p out/below
try() {
    LD_PRELOAD=$INTRUDER:$LESSER gguf-dq extract -v --force --device cpu -o out/ m.gguf output.weight 2>&1
    { LD_PRELOAD=$INTRUDER:$LESSER gguf-dq list -v m.gguf >"/dev/null"; } 2>&1
}
DQ_LESSER='' try | grep -v '^gguf-dq: ' >due
for version in 1 2 3 4 5 6; do
    export DQ_LESSER=landlock=$version
    try >got
    grep ' in a sandbox: ' got
    grep -v '^gguf-dq: ' got | diff due -
done
for version in 0 -1; do
    echo "== landlock=$version"
    export DQ_LESSER=landlock=$version
    try | grep -v ': output.weight\|1 tensor'
done
