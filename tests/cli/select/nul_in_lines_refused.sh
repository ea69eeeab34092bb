#!/bin/sh
# A NUL in a list of lines is an error instead of truncating a name: --null was probably meant.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
try() {
    gguf-dq list --names m.gguf "$@"
    echo "exit $?"
}
printf 'a.weight\0b.weight\0' >names
try -T names
try -0 -T names
try -T - <names
printf 'a.weight\0junk\n' >names
try -T names
printf 'b.weight\na.weight\0\n' >names
try -T names
