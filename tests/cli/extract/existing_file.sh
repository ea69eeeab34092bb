#!/bin/sh
# An existing file is kept, unless --force replaces it or --skip-existing skips it.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
mkdir out
echo mine >out/b.weight.npy
gguf-dq extract m.gguf -o out
echo "exit $?"
ls out
cat out/b.weight.npy
gguf-dq extract --skip-existing m.gguf -o out # an existing file holds another array
echo "exit $?"
ls out
cat out/b.weight.npy
gguf-dq extract --force m.gguf -o out
echo "exit $?"
"$PYTHON" "$TESTS/cli/tools/describe.py" out/*
rm out/b.weight.npy
gguf-dq extract --skip-existing m.gguf -o out
echo "exit $?"
gguf-dq extract --skip-existing -d f16 m.gguf -o out # the right name, but half the length
echo "exit $?"
gguf-dq extract m.gguf -o out/a.weight.npy a
echo "exit $?"
gguf-dq extract -n m.gguf -o out
echo "exit $?"
gguf-dq extract -n --skip-existing m.gguf -o out b
gguf-dq extract --skip-existing --jsonl m.gguf -o out b | grep -o '"status": "[a-z]*"'
ln -s nowhere dangling.npy
gguf-dq extract m.gguf -o dangling.npy a
echo "exit $?"
ls -A . out
