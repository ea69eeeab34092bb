#!/bin/sh
# Invalid arguments and unreadable files are errors, not a verdict on the file.
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
# The report has the error too, even if no model is found.
run --json
run --jsonl
run --jsonl nosuch.gguf
