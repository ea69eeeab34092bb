#!/bin/sh
# An excluded pattern that matches nothing may be a slip; --quiet is silent about it.
cp "$DATA/gguf/good/small_valid.gguf" .
gguf-dq list --names small_valid.gguf -x c.weight -x 'd*' -x a
gguf-dq list -q --names small_valid.gguf -x c.weight
