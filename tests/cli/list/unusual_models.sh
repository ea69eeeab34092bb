#!/bin/sh
# meson: valgrind
# Models without tensors, with a scalar, with empty dimensions, and of old versions.
for name in no_kv_no_tensors n_dims_0_scalar zero_dim version1_legacy empty_tensor_name; do
    cp "$DATA/gguf/good/$name.gguf" .
    gguf-dq list --meta "$name.gguf"
done
