#!/bin/sh
# What is refused, and tensors that cannot be shown while others can.
cp "$DATA/sample.gguf" m.gguf
cp "$DATA/gguf/bad/type_unknown_43.gguf" "$DATA/gguf/bad/trunc_in_second_tensor_data.gguf" .
attempt() {
    gguf-dq show "$@"
    echo "$?"
}
attempt m.gguf
attempt m.gguf nosuch
attempt m.gguf 'output.weight[256]'
attempt -f npy m.gguf output.bias
attempt --edge 0 m.gguf output.bias
attempt --edge x m.gguf output.bias
attempt --edge 2 --full m.gguf output.bias
attempt --full -f csv m.gguf output.bias
attempt --json -f csv m.gguf output.bias
attempt type_unknown_43.gguf t
attempt -f csv trunc_in_second_tensor_data.gguf 'b.weight[:25:8]' b.weight 'a.weight[0, :2]'
