#!/bin/sh
# --version prints the version, the built-in types and the GPU targets.
gguf-dq --version | sed '1s/[0-9][0-9.]*$/VERSION/; s/^GPU targets: .*/GPU targets: .../; s/ PTQ1_0.*/ PTQ1_0 .../'
gguf-dq -V >short
gguf-dq --version | cmp - short
