#!/bin/sh
# What check does not take, and what it cannot read, is no answer about a file.
run() {
    gguf-dq check "$@"
    echo "exit $?"
}
cp "$DATA/sample.gguf" model.gguf
run model.gguf output
run model.gguf second.gguf
run -x output model.gguf
run --values model.gguf 'output.weight[3]'
run --values model.gguf nosuch
run --values --jsonl model.gguf nosuch
run --json --jsonl model.gguf
run --meta model.gguf
run nosuch.gguf
printf GGUF | run -
mkdir empty
cd empty || exit
run
