#!/bin/sh
# meson: unsanitized
# With --fsync on a file system that cannot sync folders, files are written all the same, with a warning.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf a:f32:4 b:f32:4
try() {
    LD_PRELOAD=$LESSER DQ_LESSER=no-sync gguf-dq extract --fsync m.gguf "$@"
    echo "exit $?"
}
try -o new/folders/
try -o a.npy a
try -q -o b.npy b
try -o - -f raw --manifest m.json | grep -a -c exit
try --force --jsonl -o new/ a >"/dev/null"
find . | LC_ALL=C sort
gguf-dq extract -q m.gguf -o due.npy a
cmp a.npy due.npy
