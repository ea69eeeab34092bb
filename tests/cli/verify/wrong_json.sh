#!/bin/sh
# meson: gpu timeout=300
# The trace of a wrong weight, as JSON.
cp "$DATA/sample.gguf" m.gguf
DQ_HOST_WRONG=bits:1000-1000 "$TESTS/cli/tools/verify.sh" m.gguf --json blk.0.attn_k.weight output.bias
echo "$?"
DQ_HOST_WRONG=bits:200-201 "$TESTS/cli/tools/verify.sh" m.gguf --jsonl -d f16 output.bias blk.0.attn_q.bias
echo "$?"
DQ_HOST_WRONG=nan:9-9 "$TESTS/cli/tools/verify.sh" m.gguf --jsonl output.bias
echo "$?"
