#!/bin/sh
# Whatever stands in names, metadata, file names or on the command line: nothing of it that a terminal
# would obey is printed, by any command, and an error is one line (and where to look for help).
"$PYTHON" "$TESTS/cli/program/hostile_text.py"
