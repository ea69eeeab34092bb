#!/bin/sh
# meson: gpu threads timeout=300
# 1 MiB of random blocks of each type, in many chunks, against the CPU.
"$PYTHON" "$TESTS/lib/make_all_types.py" m.gguf --mib 1
export DQ_HOST_MEMORY=10000000
"$TESTS/cli/tools/verify.sh" m.gguf
"$TESTS/cli/tools/verify.sh" m.gguf -d f16 | tail -n 1
