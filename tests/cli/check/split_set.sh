#!/bin/sh
# The whole set is checked, whichever of its files is named; a diagnostic about another file names
# that file.
cp "$DATA"/gguf/good/split-*.gguf .
gguf-dq check split-00002-of-00003.gguf
printf x >>split-00003-of-00003.gguf
gguf-dq check split-00002-of-00003.gguf
gguf-dq check --jsonl split-00002-of-00003.gguf
truncate -s -40 split-00002-of-00003.gguf
gguf-dq check split-00002-of-00003.gguf
rm split-00003-of-00003.gguf
gguf-dq check split-00002-of-00003.gguf
echo "exit $?"
for name in split_count_differs split_no_wrong split_tensor_total_wrong split_second_shard_keys_missing; do
    cp "$DATA/gguf/bad/$name/"*.gguf .
    gguf-dq check m-00001-of-00002.gguf
    echo "exit $?"
done
