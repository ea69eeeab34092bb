#!/bin/sh
# /dev/stdout, or a link to it, means the same as -, even if standard output is a file.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
gguf-dq extract m.gguf -o - >due
gguf-dq extract m.gguf -o /dev/stdout >got
echo "exit $?"
cmp got due
ln -s /proc/self/fd/1 link
gguf-dq extract --force m.gguf -o link >got
echo "exit $?"
cmp got due
[ -L link ] && echo 'still a link'
gguf-dq extract m.gguf -o /dev/stdout | cmp - due
gguf-dq extract --json m.gguf -o /dev/stdout >got
echo "exit $?"
wc -c <got
