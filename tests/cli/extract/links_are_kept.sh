#!/bin/sh
# A link to a file that the run itself writes to, or to a device, is never replaced, not even with
# --force.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
ln -s /proc/self/fd/2 x.npy
ln -s /proc/self/fd/1 m.json
ln -s /dev/null null.npy
try() {
    gguf-dq extract -q --force m.gguf "$@" >out 2>err
    echo "exit $?, $(wc -l <out) lines out"
    cat err
}
mkdir dir
ln -s /proc/self/fd/2 dir/a.weight.npy
try -o x.npy a
try -o dir
try -o good --manifest m.json --json
try -o good --manifest m.json -f raw -o -
try -o good --manifest null.npy
try -o null.npy a
readlink x.npy m.json null.npy dir/*
ls -A . dir
# Other links are replaced themselves.
echo mine >mine
ln -s mine y.npy
try -o y.npy a
cat mine
"$PYTHON" "$TESTS/cli/tools/describe.py" y.npy
