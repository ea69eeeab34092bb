#!/bin/sh
# The version, the types that are built in, and the GPU targets.
gguf-dq --version | sed '1s/[0-9][0-9.]*$/VERSION/; s/^GPU targets: .*/GPU targets: .../; s/ Q2_0.*/ Q2_0 .../'
gguf-dq -V >short
gguf-dq --version | cmp - short
