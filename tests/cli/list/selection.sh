#!/bin/sh
# A selection is counted and shown alone, in the order of the file.
cp "$DATA/sample.gguf" .
gguf-dq list sample.gguf output.weight -t 'blk.1.attn_*' -x '*_norm.*' token_embd
