#!/bin/sh
# The stand-in has what the program takes of HIP, and shows nothing else.
# Usage: check_exports.sh LIBRARY GPU_HIP.C
set -u
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
sed -n 's/^    F([^,]*, [a-z0-9_]*, \(hip[A-Za-z0-9]*\),.*/\1/p' "$2" |
    sort >"$scratch/taken"
nm -D --defined-only "$1" | sed 's/.* //' | sort >"$scratch/shown"
[ -s "$scratch/taken" ] && diff "$scratch/taken" "$scratch/shown"
