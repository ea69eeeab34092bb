#!/bin/sh
# Runs all kernels of all AMD targets of a build in the interpreter: as the program runs them, and, where the target is
# compiled, alone. The tests do less for some. Takes about half a minute for each target.
#
# Usage: every_target.sh BUILD
set -u
here=$(dirname "$0")
build=$1
targets=$("$build/src/gguf-dq" --version | sed -n 's/^GPU targets:.* hip: \([^:]*\)\( [a-z]*:.*\)*$/\1/p')
status=0
for target in $targets; do
    code=$build/hip/kernels-$target.co
    if [ -e "$code" ]; then
        "$build/tests/amdsim/run_code" "$code" "$target" || status=1
    fi
    "$here/verify_target.sh" "$build/src/gguf-dq" "$build/tests/amdsim/runtime" \
        "$here/../../src/type/types.def" "$target" "$code" || status=1
done
[ -n "$targets" ] && exit "$status"
