#!/bin/sh
# meson: timeout=300
# A card that the program has no code for: the message names the card and the targets of the build.
# With auto the CPU does the work.
cp "$DATA/sample.gguf" m.gguf
export DQ_AMD_TARGET=gfx705
gguf-dq extract --device hip m.gguf output.weight -o a.raw 2>words
echo "$?"
sed 's/built in: gfx[0-9a-f gx]*\. /built in: ... /' words
DQ_AMD_ROCM=6 gguf-dq verify --self-test 2>words # another error than that of ROCm 7
echo "$?"
sed 's/built in: gfx[0-9a-f gx]*\. /built in: ... /' words
GGUF_DQ_AUTO_MIN=1 gguf-dq extract -v m.gguf output.weight -f raw -o b.raw 2>words
echo "$?"
sed 's/built in: .*/built in: .../' words
