#!/bin/sh
# meson: timeout=300
# The list of cards, one of them without code, and the message if the runtime fails.
show() {
    gguf-dq devices | grep '^hip' |
        sed "s/$DQ_TEST_TARGET/TARGET/g; s/built in: .*\./built in: .../; s/ *\$//"
}
DQ_AMD_TARGET=$DQ_TEST_TARGET,gfx705 show
for fault in hipGetDeviceCount:1 hipDeviceGetName:1 hipDeviceTotalMem:1 hipDeviceGetPCIBusId:1 \
    hipRuntimeGetVersion:1 hipDriverGetVersion:1 hipSetDevice:1 hipModuleLoadData:1=999; do
    DQ_AMD_TARGET=$DQ_TEST_TARGET DQ_AMD_FAIL=$fault show
done
DQ_AMD_TARGET='' show
