#!/bin/sh
# An unknown type cannot be decoded (exit 5), but its bytes can be extracted.
cp "$DATA/gguf/bad/type_unknown_100.gguf" "$DATA/gguf/bad/type_removed_5.gguf" .
for name in type_unknown_100 type_removed_5; do
    gguf-dq extract "$name.gguf"
    echo "exit $?"
    gguf-dq extract -k "$name.gguf" -o "$name.kept/"
    echo "exit $?"
    gguf-dq extract -d native -f raw "$name.gguf" -o "$name.raw"
    echo "exit $?"
    size=$(wc -c <"$name.raw")
    tail -c +129 "$name.gguf" | head -c "$size" | cmp - "$name.raw"
    gguf-dq extract -q -d native "$name.gguf" -o "$name.npy"
    "$PYTHON" "$TESTS/cli/tools/describe.py" "$name.npy"
done
gguf-dq extract -d native type_unknown_100.gguf 't[0]'
echo "exit $?"
gguf-dq verify --device cpu type_unknown_100.gguf >/dev/null
echo "exit $?"
ls -A
