#!/bin/sh
# Whatever names, metadata, file names or arguments contain, no command prints terminal control
# characters, and an error is one line (and one that points to the help).
"$PYTHON" "$TESTS/cli/program/hostile_text.py"
