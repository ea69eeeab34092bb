#!/bin/sh
# Raw arrays are written one after another, with nothing between them.
cp "$DATA/sample.gguf" .
gguf-dq extract sample.gguf -f raw -o - output position_ids >both
gguf-dq extract -q sample.gguf -f raw -o files/ output position_ids
cat files/output.weight.raw files/output.bias.raw files/position_ids.raw | cmp - both
wc -c <both
