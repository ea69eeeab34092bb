#!/bin/sh
# --layout hf: parts of real models, with the hashes that two independent programs worked out.
"$PYTHON" "$TESTS/real/hf_pairs.py" gguf-dq "$DATA/hf"
EXTRACT_OPTIONS='-j 1' "$PYTHON" "$TESTS/real/hf_pairs.py" gguf-dq "$DATA/hf"
