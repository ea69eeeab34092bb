#!/bin/sh
# $GGUF_DQ_MODEL ranks below a model on the command line and above the current folder.
cp "$DATA/sample.gguf" .
mkdir other
cp "$DATA/gguf/good/small_valid.gguf" other/
GGUF_DQ_MODEL=other/small_valid.gguf gguf-dq list --names
GGUF_DQ_MODEL=other gguf-dq list --names a.weight
GGUF_DQ_MODEL=other/small_valid.gguf gguf-dq list --names sample.gguf rope_freqs
GGUF_DQ_MODEL='' gguf-dq list --names position_ids
GGUF_DQ_MODEL=gone.gguf gguf-dq list --names
echo "exit $?"
