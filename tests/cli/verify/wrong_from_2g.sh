#!/bin/sh
# meson: gpu timeout=300
# Everything from weight 2^31 on is wrong; 2^31 weights are 524288 rows of 4096.
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 1216M --type q4_k
slice='big.weight[524286:524290]'
"$TESTS/cli/tools/verify.sh" big.gguf "$slice" | tail -n 1
DQ_HOST_WRONG=bits:8192-99999 "$TESTS/cli/tools/verify.sh" big.gguf "$slice"
echo "$?"
DQ_HOST_WRONG=bits:8191-99999 "$TESTS/cli/tools/verify.sh" big.gguf "$slice" | grep -e first: -e looks
DQ_HOST_WRONG=bits:8191-8191 "$TESTS/cli/tools/verify.sh" big.gguf "$slice" | grep -e first: -e looks
rm big.gguf
