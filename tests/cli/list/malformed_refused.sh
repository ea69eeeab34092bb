#!/bin/sh
# meson: valgrind
# A file that cannot be trusted at all: a one-line message says what is wrong and where, exit 3.
for name in magic_zero html_error_page version_4 trunc_in_n_kv key_duplicate tensor_name_duplicate \
    alignment_24 array_length_2pow64_minus1_string string_value_length_past_eof_by_1 \
    value_type_255 n_tensors_minus1 n_dims_4294967295; do
    cp "$DATA/gguf/bad/$name.gguf" .
    gguf-dq list "$name.gguf"
    echo "$name: exit $?"
done
: >empty.gguf
gguf-dq list empty.gguf
echo "empty: exit $?"
