#!/bin/sh
# meson: sandbox
# A running command cannot do what it does not need: code injected into it tries.
cp "$DATA/sample.gguf" m.gguf
mkdir -p out/below there
try() {
    echo "== $*"
    LD_PRELOAD=$INTRUDER gguf-dq "$@" >/dev/null 2>words
    cat words
}
try list m.gguf
try list --json --meta m.gguf
try check m.gguf
try check --values m.gguf
try verify -q --device cpu m.gguf output.weight
try verify --self-test --device cpu
try bench --device cpu --type q4_0 --time 0
try extract -q --device cpu -o out/ m.gguf
try extract -q --device cpu -o there/ --manifest out/m.json m.gguf output.weight
try extract -q --device cpu -o rows.npy m.gguf output.weight
try stats -q --device cpu --html there/p.html m.gguf output.weight
try extract -q --device cpu --dry-run -o fresh/ m.gguf
echo '== to a pipe'
LD_PRELOAD=$INTRUDER gguf-dq extract -f raw -o - m.gguf output.weight 2>words | wc -c
cat words
try list --no-sandbox m.gguf
try extract -q --no-sandbox --device cpu --force -o there/ m.gguf
echo '== as many threads as without'
threads() {
    taskset -c 0 gguf-dq bench --device cpu --type q4_0 --time 0 --json "$@" |
        grep -o '"device": "cpu[^"]*"' | sort -u
}
threads >with
threads --no-sandbox >without
diff with without && grep -c ' x' with
