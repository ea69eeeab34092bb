#!/bin/sh
# Valid, unusual and broken files: one line for each diagnostic, then their number. Notes do not
# make check fail.
run() {
    gguf-dq check "$@"
    echo "exit $?"
}
cp "$DATA/sample.gguf" model.gguf
run model.gguf
for name in good/zero_dim good/no_tail_padding good/odd_names bad/overlap_partial bad/offset_first_not_zero \
    bad/alignment_2pow31 bad/trunc_in_first_tensor_data bad/alignment_3 bad/html_error_page bad/version_1; do
    cp "$DATA/gguf/$name.gguf" "$(basename $name).gguf"
    run "$(basename $name).gguf"
done
