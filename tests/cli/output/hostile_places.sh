#!/bin/sh
# Links, devices, folders and other files in the place of an output are not followed, and not
# replaced without --force.
"$PYTHON" "$TESTS/cli/output/hostile_places.py"
