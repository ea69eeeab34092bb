#!/bin/sh
# meson: slow timeout=300
# A progress line appears on a terminal after a second and is removed at the end; not with -q, and
# not for short runs.
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 64M --type f32
"$PYTHON" "$TESTS/cli/output/progress.py" gguf-dq extract big.gguf -o -
"$PYTHON" "$TESTS/cli/output/progress.py" gguf-dq extract -q big.gguf -o -
cp "$DATA/sample.gguf" .
"$PYTHON" "$TESTS/cli/tools/terminal.py" stderr gguf-dq extract sample.gguf -o out
