#!/bin/sh
# meson: timeout=300
# GGUF_DQ_HSACO with the code object of one target, on a card of another target, and with a file
# that is not a code object.
cp "$DATA/sample.gguf" m.gguf
export GGUF_DQ_HSACO="$DQ_TEST_CODE"
DQ_AMD_TARGET=$DQ_TEST_TARGET gguf-dq verify --device hip m.gguf | tail -n 1
DQ_AMD_TARGET=gfx705 gguf-dq verify --device hip m.gguf 2>words
echo "$?"
cat words
GGUF_DQ_HSACO=m.gguf DQ_AMD_TARGET=$DQ_TEST_TARGET gguf-dq verify --device hip m.gguf 2>words
echo "$?"
sed "s/$DQ_TEST_TARGET/TARGET/" words
