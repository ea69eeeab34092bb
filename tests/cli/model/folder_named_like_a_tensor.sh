#!/bin/sh
# A folder without models that is named like a tensor, or like its stem, is not taken for a model.
cp "$DATA/sample.gguf" .
gguf-dq extract -q sample.gguf output_norm.weight -o output_norm/
mkdir position_ids
gguf-dq list --names output_norm
echo "exit $?"
gguf-dq list --names position_ids output_norm
echo "exit $?"
gguf-dq list --names output_norm/
echo "exit $?"
mkdir rope_freqs
cp "$DATA/gguf/good/small_valid.gguf" rope_freqs
gguf-dq list --names rope_freqs
echo "exit $?"
