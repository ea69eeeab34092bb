#!/bin/sh
# --layout hf: models converted as llama.cpp does come back bit for bit.
"$PYTHON" "$TESTS/cli/tools/hf_models.py" "$TESTS/lib"
