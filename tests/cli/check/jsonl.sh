#!/bin/sh
# --jsonl prints one line for each diagnostic and nothing else, unless the run fails.
for name in good/small_valid bad/offset_first_not_zero bad/version_byteswapped_rest_le; do
    cp "$DATA/gguf/$name.gguf" model.gguf
    gguf-dq check --jsonl model.gguf
    echo "exit $?"
done
