#!/bin/sh
# gguf-dq verify, without what it says of its speed, for the cases.
out=$(mktemp) || exit 2
trap 'rm -f "$out"' EXIT
gguf-dq verify "$@" >"$out"
status=$?
sed -e '/^bound by the /d' -e '/^  "speed": {/d' "$out"
exit "$status"
