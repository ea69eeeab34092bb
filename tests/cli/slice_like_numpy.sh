#!/bin/sh
# Slices are what numpy takes of the whole array.
"$PYTHON" "$TESTS/cli/slice_like_numpy.py"
