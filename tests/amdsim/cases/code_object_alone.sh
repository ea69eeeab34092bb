#!/bin/sh
# GGUF_DQ_HSACO with the code object of one target; for a card of another; a file that is none.
cp "$DATA/sample.gguf" m.gguf
export GGUF_DQ_HSACO="$DQ_TEST_CODE"
DQ_AMD_TARGET=$DQ_TEST_TARGET gguf-dq verify --device hip m.gguf | tail -n 1
DQ_AMD_TARGET=gfx705 gguf-dq verify --device hip m.gguf 2>words
echo "$?"
sed 's/built in: gfx[0-9a-f gx]*\. /built in: ... /' words
GGUF_DQ_HSACO=m.gguf DQ_AMD_TARGET=$DQ_TEST_TARGET gguf-dq verify --device hip m.gguf
echo "$?"
