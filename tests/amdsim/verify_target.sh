#!/bin/sh
# Runs the program's self-test on one AMD target in the interpreter: every type and dtype, against the
# CPU and the built-in weights. Prints on one line what was executed.
#
# Usage: verify_target.sh PROGRAM LIBRARIES TYPES TARGET
#   PROGRAM    gguf-dq
#   LIBRARIES  the folder with the stand-in for libamdhip64.so
#   TYPES      types.def, from which the number of kernels follows
set -u
program=$1 libraries=$2 types=$3 target=$4

scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT

fail() {
    echo "$target: $1"
    tail -n 30 "$scratch/out" "$scratch/words"
    exit 1
}

n_kernels=$((3 * $(grep -c '^DQ_TYPE(' "$types")))

unset GGUF_DQ_HSACO DQ_AMD_FAIL DQ_AMD_MEMORY DQ_AMD_OBJDUMP DQ_AMD_READELF
DQ_AMD_TARGET=$target DQ_AMD_LEAKS=1 DQ_AMD_REPORT=$scratch/report LD_LIBRARY_PATH=$libraries \
    "$program" verify --self-test --device hip >"$scratch/out" 2>"$scratch/words"
status=$?
[ "$status" -eq 0 ] || fail "exit status $status"
[ ! -s "$scratch/words" ] || fail 'there is something on stderr'

# 105 checks, 1614828 weights, 0 mismatches: all equal
weights=$(sed -n "s/^$n_kernels checks, \([0-9]*\) weights, 0 mismatches: all equal\$/\1/p" \
    "$scratch/out")
[ "${weights:-0}" -gt 0 ] || fail "not $n_kernels checks without mismatches"

# gfx90a: kernels=105 launches=105 waves=... insns=... lane_insns=... loaded=... stored=...
report=$(cat "$scratch/report") || fail 'no report: this is not the stand-in'
case $report in
"$target: kernels=$n_kernels "*) ;;
*) fail "not $n_kernels kernels: $report" ;;
esac
echo "$report" | sed "s/kernels=/weights=$weights kernels=/"
