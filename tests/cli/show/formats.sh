#!/bin/sh
# Slices as a table, CSV, TSV and bits; an empty line is between arrays. F64 and integers are shown as they
# are, everything else as f32.
cp "$DATA/gguf/good/small_valid.gguf" "$DATA/gguf/good/n_dims_0_scalar.gguf" "$DATA/gguf/good/zero_dim.gguf" \
    "$DATA/sample.gguf" .
for format in table csv tsv hex; do
    echo "-- $format"
    gguf-dq show -f "$format" small_valid.gguf 'a.weight[:, 3:30:9]' 'b.weight[::-32]' 'b.weight[5]'
done
gguf-dq show sample.gguf 'position_ids[-1]' 'blk.*.attn_{q,k}.weight[3, :2]' output.weight
gguf-dq show --edge 1 sample.gguf output.weight
gguf-dq show --full sample.gguf output.weight | wc -l
gguf-dq show n_dims_0_scalar.gguf '*'
gguf-dq show zero_dim.gguf '*'
gguf-dq show -f csv zero_dim.gguf '*'
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf d:f64:3 e:i64:2 f:i8:1
gguf-dq show m.gguf d e f
gguf-dq show -f hex m.gguf d e f
