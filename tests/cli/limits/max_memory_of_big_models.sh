#!/bin/sh
# meson: slow timeout=300
# --max-memory holds for many tensors and for many threads: the process as a whole, including memory
# that is not counted, stays below the given MiB.
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensors 100000 --vocab 262144
measure() {
    most=$1
    shift
    "$PYTHON" "$TESTS/cli/tools/measure.py" --most="$most" gguf-dq "$@" 2>&1 >out |
        sed 's/least [0-9]*/least N/'
}
measure 28 list --max-memory 24M big.gguf
measure 28 list --max-memory 24M --meta --json big.gguf
measure 52 list --max-memory 48M --meta --json big.gguf
"$PYTHON" -c 'import json; print(len(json.load(open("out"))["tensors"]))'
measure 76 extract -q --max-memory 72M -f raw -o /dev/null big.gguf
measure 76 extract -q --max-memory 72M -f raw -o - big.gguf
wc -c <out
measure 52 list --max-memory 48M --names -t 'blk.{0..4095}.attn_?.weight' big.gguf
wc -l <out

# There is not enough for 64 threads of 2 MiB each: some are not started.
"$PYTHON" "$TESTS/lib/make_big.py" large.gguf --tensor-bytes 512M --type q8_0
measure 36 extract -q -j 64 --max-memory 32M -o /dev/null large.gguf
measure 36 verify -q -j 64 --device cpu --max-memory 32M large.gguf
tail -n 1 out
