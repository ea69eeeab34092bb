#!/bin/sh
# --skip-existing skips a file only if it is the array that would be written.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf x:f32:2x6 y:f32:4
"$PYTHON" "$TESTS/lib/make_model.py" turned.gguf x:f32:6x2 y:f32:4
try() {
    gguf-dq extract --skip-existing "$@"
    echo "exit $?"
}
gguf-dq extract -q turned.gguf -o out/ x
try m.gguf -o out # another shape with as many bytes
gguf-dq extract -q turned.gguf -o due/ x
diff -r due out
rm -r out
gguf-dq extract -q m.gguf -o out
try m.gguf -o out
truncate -s -1 out/y.npy
try m.gguf -o out
: >out/y.npy
try m.gguf -o out
gguf-dq extract -q --force m.gguf -o out
printf x >>out/y.npy
try m.gguf -o out
# Another program's header may have the same length and meaning, but other bytes.
gguf-dq extract -q --force m.gguf -o out
printf '\002' | dd of=out/y.npy bs=1 seek=6 conv=notrunc 2>"/dev/null"
try m.gguf -o out
try --json m.gguf -o out/y.npy y
try m.gguf -f raw -o out
head -c 15 out/y.raw >short
mv short out/y.raw
try m.gguf -f raw -o out
