#!/bin/sh
# Unknown options, missing or superfluous arguments, options that exclude each other: exit 2.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
try() {
    gguf-dq "$@"
    echo "exit $?"
}
try list --mta m.gguf
try list -Z m.gguf
try list --frobnicate m.gguf
try list --output=x m.gguf
try list m.gguf --tensor
try list m.gguf -t
try list --json=yes m.gguf
try list --json --jsonl m.gguf
try list --names --json m.gguf
try list --meta --jsonl m.gguf
try list -0 m.gguf
try types m.gguf
try list m.gguf second.gguf
try list blk.0 second.gguf m.gguf
try extract . output m.gguf
try extract --force --skip-existing m.gguf
try extract --format pt m.gguf
try extract --dtype f64 m.gguf
try extract --dtype bf16 --format npy m.gguf
try extract --output '' m.gguf
try extract --manifest '' m.gguf
try extract --json -o - m.gguf
try extract --manifest - m.gguf
ls
