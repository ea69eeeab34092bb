#!/bin/sh
# The program on a card that only the generic code of its family runs on: if the runtime takes that, a model is
# verified; else the program says what there is.
#
# Usage: generic_code.sh PROGRAM LIBRARIES MODEL CARD
#   LIBRARIES  the folder with the stand-in for libamdhip64.so
set -eu
program=$1 model=$3 card=$4
export LD_LIBRARY_PATH="$2" DQ_AMD_TARGET="$card" DQ_AMD_LEAKS=1
unset GGUF_DQ_HSACO DQ_AMD_FAIL DQ_AMD_MEMORY DQ_AMD_OBJDUMP DQ_AMD_READELF
DQ_AMD_ROCM=7 "$program" verify --device hip "$model" | tail -n 1 | grep '[1-9] weights, 0 mismatches: all equal'
words=$(DQ_AMD_ROCM=6 "$program" verify --device hip "$model" 2>&1) && exit 1
case $words in
*"no code for "*"(interpreted $card); built in: "*"generic"*) ;;
*)
    echo "$words"
    exit 1
    ;;
esac
