#!/bin/sh
# meson: timeout=600
# The machine code that reduces weights finds what the CPU finds, in the whole program: chunks, slices, weights that no
# window has, NaN and infinities. Each line ends with how many kernels ran: one for each type, and one for each reduction.
export DQ_AMD_TARGET="$DQ_TEST_TARGET" DQ_AMD_LEAKS=1
cp "$DATA/gguf/good/all_types.gguf" "$DATA/gguf/good/hard_blocks.gguf" .
"$PYTHON" "$TESTS/lib/make_model.py" large.gguf a:q4_k:70x4096 b:q8_0:9x4096 c:f32:9x4096
"$PYTHON" - <<'END'
import gguf_writer
import numpy
bits = numpy.random.default_rng(1).integers(0, 1 << 32, 20000, '<u4')
small = bits & 0x807fffff
with open('far.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [
        (name, 'f32', [20000], weights.astype('<u4').tobytes()) for name, weights in (
            ('any', bits), ('subnormal', small), ('near', small | 100 << 23), ('far', small | 200 << 23))]))
END
same() {
    rm -f report
    gguf-dq "$@" --device cpu 2>words.cpu >out.cpu
    cpu=$?
    DQ_AMD_REPORT=report gguf-dq "$@" --device hip 2>words.hip >out.hip
    echo "$cpu $? $* $(sed 's/.*: \(kernels=[0-9]*\) .*/\1/' report)"
    cmp words.cpu words.hip
    cmp out.cpu out.hip
}
for model in all_types hard_blocks large far; do
    same stats --json --fit --percentiles $model.gguf
done
same hash all_types.gguf
same hash large.gguf
same stats --json --by row large.gguf c
same stats --json large.gguf 'c[::2]' 'c[:, 3:]' 'b[5:7]'
DQ_AMD_MEMORY=300000 same stats --json --percentiles large.gguf
