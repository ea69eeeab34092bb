#!/bin/sh
# Meson runs every case that is there.
for case in "$TESTS"/cli/*.sh; do
    name=$(basename "$case" .sh)
    [ "$name" = run_case ] || grep -q "^  '$name',$" "$TESTS/cli/meson.build" || echo "$name"
done
# Nothing is expected of a case that is not there.
for expected in "$TESTS"/cli/*.std* "$TESTS"/cli/*.exit; do
    [ -e "${expected%%.*}.sh" ] || [ ! -e "$expected" ] || echo "$expected"
done
