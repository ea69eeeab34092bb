#!/bin/bash
# Compares what a GPU finds with what the CPU finds when they reduce weights: stats and hash of random blocks of every type,
# of F32 of any bits, and of weights that lie far apart or change from tensor to tensor; whole, by row, as slices, and with
# another number of threads. On demand only: it takes a card, and numpy (PYTHON says for which Python).
# Usage: tests/real/gpu_reductions.sh GGUF-DQ [DEVICE] [MIB]
#   DEVICE   what --device takes; the first GPU if left out
#   MIB      of blocks for each type, 8 if left out
set -euo pipefail
program=$(realpath "$1")
device=${2:-gpu}
mib=${3:-8}
source=$(realpath "$(dirname "$0")/../..")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
cp "$source"/data/gguf/good/{all_types,hard_blocks}.gguf .
PYTHONPATH=$source/tests/lib "${PYTHON:-python3}" - "$source/src/type/types.def" "$mib" <<'END'
import sys

import gguf_writer
import numpy
import type_table

rng = numpy.random.default_rng(1)
length = int(sys.argv[2]) << 20

def write(path, tensors):
    with open(path, 'wb') as f:
        f.write(gguf_writer.model([], list(tensors)))

def blocks():
    for token, row in type_table.read(sys.argv[1]).items():
        columns, weights = 64, int(row.get('WEIGHTS', 1))
        rows = length // int(row['BYTES']) // columns
        yield token, token, [columns * weights, rows], rng.bytes(rows * columns * int(row['BYTES']))

def far():
    n = length // 4 + 77
    for name, mask, exponents in (('any', 0xffffffff, 0), ('subnormal', 0x807fffff, 0), ('small', 0x807fffff, 1),
                                  ('usual', 0x83ffffff, 0x74), ('large', 0x80ffffff, 0xfc), ('zero', 0x80000000, 0),
                                  ('binades32', 0x8fffffff, 0x60), ('binades64', 0x9fffffff, 0x40)):
        bits = rng.integers(0, 1 << 32, n, '<u4') & mask | exponents << 23
        yield name, 'f32', [n], bits.astype('<u4').tobytes()

write('blocks.gguf', blocks())
write('far.gguf', far())
END
n=0
same() {
    "$program" "$@" --device cpu >expected
    "$program" "$@" --device "$device" >found
    cmp expected found || { echo "not the same: gguf-dq $* --device $device" && exit 1; }
    n=$((n + 1))
}
for model in all_types hard_blocks blocks far; do
    same hash $model.gguf
    same stats --json $model.gguf
    same stats --json --fit --percentiles $model.gguf
    same stats --json --fit --percentiles -j2 $model.gguf
    same stats --json --max-memory 32MiB $model.gguf
done
same stats --json --by row all_types.gguf
same stats --json --by row --fit blocks.gguf q4_k f32
same stats --json --percentiles blocks.gguf 'q4_k[3:1000]' 'f32[::2]' 'q8_0[:, 5:]'
same hash -a sha256 blocks.gguf
echo "$n reports of $device are those of the CPU"
