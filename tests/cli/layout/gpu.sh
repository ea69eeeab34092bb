#!/bin/sh
# meson: gpu
# --layout hf: a GPU gives the same bytes.
EXTRACT_OPTIONS='--device gpu' "$PYTHON" "$TESTS/real/hf_pairs.py" gguf-dq "$DATA/hf"
"$PYTHON" "$TESTS/cli/tools/hf_models.py" "$TESTS/lib" --device gpu
