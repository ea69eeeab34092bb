#!/bin/sh
# Arrays are not written to a terminal.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
"$PYTHON" "$TESTS/cli/tools/terminal.py" stdout gguf-dq extract m.gguf -o -
"$PYTHON" "$TESTS/cli/tools/terminal.py" stdout gguf-dq extract m.gguf -o /dev/stdout a
"$PYTHON" "$TESTS/cli/tools/terminal.py" stdout gguf-dq extract m.gguf -o /dev/tty a
"$PYTHON" "$TESTS/cli/tools/terminal.py" stdout gguf-dq extract -n m.gguf -o -
"$PYTHON" "$TESTS/cli/tools/terminal.py" stdout gguf-dq list --names m.gguf
"$PYTHON" "$TESTS/cli/tools/terminal.py" stdin gguf-dq list -
ls -A
