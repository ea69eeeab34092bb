#!/bin/sh
# meson: slow timeout=300
# A tensor of 4 GiB is extracted in little memory, decoded or native.
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 4G --type q8_0
"$PYTHON" "$TESTS/cli/tools/measure.py" gguf-dq extract -q big.gguf -d native -o /dev/null
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 1G --type q4_k
"$PYTHON" "$TESTS/cli/tools/measure.py" gguf-dq extract -q big.gguf -o /dev/null
