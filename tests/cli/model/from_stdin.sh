#!/bin/sh
# Standard input works as a model if it is a file; a pipe is refused at once.
cp "$DATA/gguf/good/small_valid.gguf" "$DATA/sample.gguf" .
gguf-dq list - <small_valid.gguf
gguf-dq extract -q -f raw -o - - a.weight <small_valid.gguf | cksum
gguf-dq extract -q -f raw -o - small_valid.gguf a.weight | cksum
gguf-dq extract -q -o out/ - <small_valid.gguf
ls out
try() {
    gguf-dq "$@"
    echo "exit $?"
}
# shellcheck disable=SC2002 # it is to be a pipe
cat sample.gguf | try list -
try extract - <small_valid.gguf
try list - <&-
ls
