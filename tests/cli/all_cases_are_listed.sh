#!/bin/sh
# Meson runs every case that is there.
for folder in "$TESTS/cli" "$TESTS/gpu/cases" "$TESTS/amdsim/cases"; do
    for case in "$folder"/*.sh; do
        name=$(basename "$case" .sh)
        [ "$name" = run_case ] || grep -q "^  '$name',$" "$folder/meson.build" || echo "$name"
    done
    # Nothing is expected of a case that is not there.
    for expected in "$folder"/*.std* "$folder"/*.exit; do
        [ -e "${expected%%.*}.sh" ] || [ ! -e "$expected" ] || echo "$expected"
    done
done
