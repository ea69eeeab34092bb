#!/bin/sh
# Runs gguf-dq verify and removes the speed from what it prints.
out=$(mktemp) || exit 2
trap 'rm -f "$out"' EXIT
gguf-dq verify "$@" >"$out"
status=$?
sed -e '/^bound by the /d' -e '/^  "speed": {/d' "$out"
exit "$status"
