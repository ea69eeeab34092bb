#!/bin/sh
# meson: threads
# Slices are what numpy takes of the whole array.
"$PYTHON" "$TESTS/cli/select/slice_like_numpy.py"
