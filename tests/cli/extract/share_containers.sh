#!/bin/sh
# Shares of a set write whole shards, whose layout does not depend on N, and the run that finishes writes the
# index. A single file is the work of one share.
cp "$DATA/sample.gguf" m.gguf
all() { # all N OPTION...: every share, the last one first
    n=$1
    shift
    for i in $(seq "$n" -1 1); do
        gguf-dq extract -q --share "$i/$n" "$@" || echo "$i: exit $?"
    done
}
for options in '-f safetensors --max-shard 100KB' '-f safetensors -d f16 --max-shard 400KB' \
    '-f gguf --max-shard 50KB' '-f safetensors' '-f npz' '-f gguf' '-f raw -d native'; do
    echo "# $options"
    for n in 1 3 17; do
        # shellcheck disable=SC2086 # several words
        {
            rm -rf due out
            gguf-dq extract -q $options -o due/ m.gguf
            all $n $options -o out/ m.gguf
            diff -r due out
            gguf-dq extract -q $options --skip-existing -o out/ m.gguf
            diff -r due out || echo different
        }
    done
done
echo '# one share of a set'
gguf-dq extract -f safetensors --max-shard 100KB --share 2/40 -o part/ m.gguf
gguf-dq extract -f safetensors --max-shard 100KB -n --share 2/40 -o part/ m.gguf
gguf-dq extract -f safetensors --max-shard 100KB --share 40/40 -o part/ m.gguf
gguf-dq extract -o part/m.safetensors --max-shard 100KB --share 3/40 m.gguf
ls part
echo '# Hugging Face arrays, some of several tensors, some of a part of one'
for model in deepseek2 falcon qwen3next; do
    hf() { gguf-dq extract -q --layout hf --hf-config "$DATA/hf/$model" -d f32 "$@" "$DATA/hf/$model/model-q4_k.gguf"; }
    rm -rf due out
    hf -o due/
    for i in 1 2 3; do
        hf --share "$i/3" -o out/ && find out -type f | wc -l
    done
    hf --skip-existing -o out/
    diff -r due out && echo "$model: the same, $(find out -type f | wc -l) files"
done
