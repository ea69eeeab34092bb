#!/bin/sh
# An --exclude pattern that matches nothing gets a warning, which --quiet suppresses.
cp "$DATA/gguf/good/small_valid.gguf" .
gguf-dq list --names small_valid.gguf -x c.weight -x 'd*' -x a
gguf-dq list -q --names small_valid.gguf -x c.weight
