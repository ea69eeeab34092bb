#!/bin/sh
# Only regular files count as models of a folder, in capitals or not; a folder without one is what the
# message is about.
try() {
    gguf-dq "$@"
    echo "exit $?"
}
mkdir folder.gguf empty
mkfifo pipe.gguf
ln -s absent dangling.gguf
try list
try list .
try list empty
try list ./empty
try list folder.gguf
try check empty
cp "$DATA/gguf/good/small_valid.gguf" MODEL.GGUF
try list --names
try list --names .
try list empty
try extract -q
ls MODEL
try extract -q
mkdir linked
ln -s ../MODEL.GGUF linked/m.gguf
try list --names linked
