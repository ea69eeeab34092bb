#!/bin/bash
# Compiles what uses HIP's headers against those of HIP 7, which are part of a Python package. On demand only: it
# fetches 280 MB.
#
# Usage: tests/real/hip_headers.sh FOLDER
#   FOLDER   keeps the headers between runs
set -eu
cd "$(dirname "$0")/../.."
folder=${1:?}
headers=$folder/triton/backends/amd/include
if [ ! -d "$headers/hip" ]; then
  python3 -m pip download -q --no-deps --only-binary :all: --python-version 3.11 -d "$folder" triton==3.9.0
  unzip -q -o "$folder"/triton-*.whl 'triton/backends/amd/include/*' -d "$folder"
fi
for file in src/gpu/hip.c tests/amdsim/runtime/amdhip*.c; do
  gcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only -isystem "$headers" -Isrc -Itests/lib \
    -Itests/amdsim/isa -Itests/amdsim/runtime '-DDQ_HIP_TARGETS=""' "$file"
done
echo "HIP $(sed -n 's/#define HIP_VERSION_M[AI][JN]OR //p' "$headers/hip/hip_version.h" | paste -sd.): compiled"
