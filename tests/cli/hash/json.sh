#!/bin/sh
# The report as JSON: the last digest is that of the model.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
gguf-dq hash --json m.gguf
gguf-dq hash --jsonl -a sha256 -d native m.gguf
gguf-dq hash m.gguf >sums
gguf-dq hash --jsonl -c sums m.gguf
gguf-dq hash --json missing.gguf
echo "$?"
