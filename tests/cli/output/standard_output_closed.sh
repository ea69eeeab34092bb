#!/bin/sh
# If standard output is closed, there is an error message, and no other file is mistaken for it.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
try() {
    gguf-dq "$@" >&-
    echo "exit $?"
    cmp m.gguf "$DATA/gguf/good/small_valid.gguf"
}
try list m.gguf
try list --json m.gguf
try --version
try extract m.gguf -o -
try extract -n m.gguf
try extract -q m.gguf -o out --json
# If no descriptor is open, the first files that are opened get the standard numbers.
"$PYTHON" "$TESTS/lib/make_model.py" large.gguf --scale 40000 large:f32:4
gguf-dq extract large.gguf -d f16 -o due.npy 2>due
gguf-dq extract large.gguf -d f16 -o got.npy <&- >&- 2>&-
echo "exit $?"
cmp due.npy got.npy
gguf-dq extract -v large.gguf -d f16 -o again.npy <&- 2>&-
cmp due.npy again.npy
gguf-dq extract -q large.gguf -d f16 -o third.npy --json --manifest m.json <&- >&-
cmp due.npy third.npy
"$PYTHON" -m json.tool m.json >/dev/null
ls -A
