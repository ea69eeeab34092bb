#!/bin/sh
# meson: timeout=300
# The runtime where AMD's own packages have it, which the loader does not know, and where pip puts it.
mkdir -p rocm-7.2.0/lib
cp -L "${LD_LIBRARY_PATH##*:}/libamdhip64.so.7" rocm-7.2.0/lib/
unset LD_LIBRARY_PATH
export DQ_AMD_TARGET="$DQ_TEST_TARGET"
for place in rocm-7.2.0 'rocm-7.*' nonexistent; do
    export ROCM_PATH="$PWD/$place"
    gguf-dq devices | grep -c "interpreted $DQ_TEST_TARGET" || :
done

# The loader finds no other one here, because it stops at a file that is no library.
mkdir broken
for version in .so .so.5 .so.6 .so.7 .so.8; do
    : >"broken/libamdhip64$version"
done
export LD_LIBRARY_PATH="$PWD/broken"
unset ROCM_PATH VIRTUAL_ENV
for home in home/.local environment; do
    mkdir -p "$home/lib/python3.13/site-packages/_rocm_sdk_core/lib"
    cp rocm-7.2.0/lib/libamdhip64.so.7 "$home/lib/python3.13/site-packages/_rocm_sdk_core/lib"
done
export HOME="$PWD/home"
gguf-dq devices | grep -c "interpreted $DQ_TEST_TARGET"
export HOME=/nonexistent
VIRTUAL_ENV="$PWD/environment" gguf-dq devices | grep -c "interpreted $DQ_TEST_TARGET"
gguf-dq devices | grep -o 'nor in .*)'
