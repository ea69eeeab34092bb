#!/bin/sh
# check finds its model in the same way as the other commands.
mkdir folder
cp "$DATA/gguf/good/small_valid.gguf" folder/a.gguf
gguf-dq check folder
gguf-dq check - <folder/a.gguf
(cd folder && gguf-dq check)
GGUF_DQ_MODEL=folder gguf-dq check
GGUF_DQ_MODEL=nosuch.gguf gguf-dq check
echo "exit $?"
