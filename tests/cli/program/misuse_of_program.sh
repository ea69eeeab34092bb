#!/bin/sh
# meson: valgrind
# No command or an unknown one: usage on standard error, exit 2.
gguf-dq
echo "exit $?"
gguf-dq lits
echo "exit $?"
gguf-dq extarct m.gguf
echo "exit $?"
gguf-dq frobnicate
echo "exit $?"
gguf-dq --versoin
echo "exit $?"
gguf-dq ''
echo "exit $?"
gguf-dq model.gguf
echo "exit $?"
gguf-dq folder/model.gguf blk.0.attn_q
echo "exit $?"
