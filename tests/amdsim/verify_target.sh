#!/bin/sh
# Runs the program's self-test on one AMD target in the interpreter: every type and dtype, against the
# CPU and the built-in weights. Prints on one line what was executed. Generic code runs on a card of its
# family.
#
# Usage: verify_target.sh PROGRAM LIBRARIES TYPES TARGET CODE
#   PROGRAM    gguf-dq
#   LIBRARIES  the folder with the stand-in for libamdhip64.so
#   TYPES      types.def, from which the number of kernels follows
#   CODE       the code object of a generic target, in place of what is built in for the card; else not used
set -u
program=$1 libraries=$2 types=$3 target=$4 code=$5

scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT

fail() {
    echo "$target: $1"
    tail -n 30 "$scratch/out" "$scratch/words"
    exit 1
}

n_kernels=$((3 * $(grep -c '^DQ_TYPE(' "$types")))

unset GGUF_DQ_HSACO DQ_AMD_FAIL DQ_AMD_MEMORY DQ_AMD_OBJDUMP DQ_AMD_READELF DQ_AMD_ROCM
case $target in
gfx9-generic) card=gfx906 ;;
gfx9-4-generic) card=gfx942 ;;
gfx10-1-generic) card=gfx1012 ;;
gfx10-3-generic) card=gfx1031 ;;
gfx11-generic) card=gfx1103 ;;
gfx12-generic) card=gfx1200 ;;
*) card=$target ;;
esac
[ "$card" = "$target" ] || export GGUF_DQ_HSACO="$code"
DQ_AMD_TARGET=$card DQ_AMD_LEAKS=1 DQ_AMD_REPORT=$scratch/report LD_LIBRARY_PATH=$libraries \
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
"$card: kernels=$n_kernels "*) ;;
*) fail "not $n_kernels kernels: $report" ;;
esac
echo "$target, $report" | sed "s/kernels=/weights=$weights kernels=/"
