#!/bin/sh
# meson: valgrind
# An unusable tensor is listed with the reason; the exit status is still 0.
for name in offset_misaligned_second offset_past_end overlap_partial dim_negative_minus1 \
    row_not_block_multiple_q4_0_33 size_overflow_bytes_2pow61_f64 trunc_in_second_tensor_data; do
    cp "$DATA/gguf/bad/$name.gguf" .
    gguf-dq list "$name.gguf"
    echo "exit $?"
done
gguf-dq list --jsonl overlap_partial.gguf
