#!/bin/sh
# $GGUF_DQ_AUTO_MIN is a size; an invalid one is reported where it would be used.
cp "$DATA/sample.gguf" m.gguf
GGUF_DQ_AUTO_MIN=1GiB gguf-dq extract -v m.gguf output.weight -o a/ 2>&1 | grep -o 'less than .*'
GGUF_DQ_AUTO_MIN=1GB2 gguf-dq extract m.gguf output.weight -o b/
echo "exit $?"
GGUF_DQ_AUTO_MIN=1GB2 gguf-dq extract -q --device cpu m.gguf output.weight -o c/
echo "exit $?"
GGUF_DQ_AUTO_MIN=1GB2 gguf-dq list --names m.gguf output
ls
