#!/bin/sh
# --json prints one object about what was written, --jsonl one line for each output.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
gguf-dq extract --json m.gguf -o one
gguf-dq extract --jsonl -q m.gguf -f raw -d f16 -o two
gguf-dq extract --json -q m.gguf -o three.npy 'a[0]' >three.json
"$PYTHON" -m json.tool three.json >three && wc -l <three
ls one two
