#!/bin/sh
# What is no list of digests is refused, and so is what cannot go together.
cp "$DATA/sample.gguf" m.gguf
attempt() {
    gguf-dq hash "$@"
    echo "$?"
}
: >empty
attempt -c empty m.gguf
attempt -c missing m.gguf
echo 'no digest  output.bias' >text
attempt -c text m.gguf
gguf-dq hash m.gguf output.bias | sed 's/$/ /; s/^/0/' >long
attempt -c long m.gguf
gguf-dq hash m.gguf output.bias >twice
cat twice twice >list
attempt -c list m.gguf
printf '%064d\n' 0 >nameless
attempt -c nameless m.gguf
printf '%064d \n' 0 >nameless
attempt -c nameless m.gguf
printf '%064d  a\0b\n' 0 >nul
attempt -c nul m.gguf
attempt -0 m.gguf
attempt -0c nul m.gguf
attempt -c twice -t output.bias m.gguf
attempt -c twice m.gguf output.bias
attempt -c twice -x output.bias m.gguf
attempt -c twice --share 1/2 m.gguf
attempt -c '' m.gguf
attempt -c - - <m.gguf
attempt -a md5 m.gguf
attempt m.gguf 'output.bias[3]'
attempt m.gguf nosuch
attempt --cpu baseline --device gpu m.gguf
