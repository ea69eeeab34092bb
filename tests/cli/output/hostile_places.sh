#!/bin/sh
# Links, devices, folders and the like in the place of an output lead nothing elsewhere, and are not
# replaced unless --force says so.
"$PYTHON" "$TESTS/cli/output/hostile_places.py"
