#!/bin/sh
# meson: threads
# Slices select what numpy selects from the whole array.
"$PYTHON" "$TESTS/cli/select/slice_like_numpy.py"
