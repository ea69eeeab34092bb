#!/bin/sh
# Standard output on a full disk: a one-line message, exit 6.
cp "$DATA/sample.gguf" .
try() {
    gguf-dq "$@" >/dev/full
    echo "exit $?"
}
try list sample.gguf
try list --json sample.gguf
try list --jsonl sample.gguf
try list --names sample.gguf
try list --meta sample.gguf
try types
try types --json
try --version
try --help
try list --help
try extract -o - sample.gguf
try extract -f raw -o - sample.gguf position_ids
try extract -n sample.gguf
try extract -q --json sample.gguf -o one
try extract -q --jsonl sample.gguf -o two
gguf-dq extract sample.gguf -o /dev/full position_ids
echo "exit $?"
find . -name '*.tmp'
