#!/bin/sh
# A name that says something else than --format is warned of.
cp "$DATA/sample.gguf" .
gguf-dq extract -f raw -o foo.npy sample.gguf position_ids
gguf-dq extract -f raw -o foo.bin sample.gguf position_ids
gguf-dq extract -f npy -o new.npy sample.gguf position_ids
cmp foo.npy foo.bin
