#!/bin/sh
# meson: timeout=300
# The runtime where AMD's own packages have it, which the loader does not know.
mkdir -p rocm-7.2.0/lib
cp -L "${LD_LIBRARY_PATH##*:}/libamdhip64.so.7" rocm-7.2.0/lib/
unset LD_LIBRARY_PATH
export DQ_AMD_TARGET="$DQ_TEST_TARGET"
for place in rocm-7.2.0 'rocm-7.*' nonexistent; do
    export ROCM_PATH="$PWD/$place"
    gguf-dq devices | grep -c "interpreted $DQ_TEST_TARGET" || :
done
