#!/bin/sh
# --max-memory bounds the memory used and does not change the output.
cp "$DATA/sample.gguf" model.gguf
gguf-dq extract -q -j 1 -f raw -o - model.gguf | cksum >all
for most in 512K 1MiB 4m 64MB 1048576 5% 0; do
    gguf-dq extract -q -j 64 --max-memory "$most" -f raw -o - model.gguf | cksum | cmp - all
    gguf-dq extract -q -j 64 --max-memory="$most" -d f16 -o f16/ --force model.gguf || echo "$most"
    gguf-dq verify -q -j 64 --device cpu --max-memory "$most" model.gguf >/dev/null || echo "$most"
done
gguf-dq list --max-memory 1M model.gguf | tail -n 1

# Too little memory for each command; how much is enough depends on the allocator.
for command in 'list' 'list --json' 'extract -o never/' 'verify --device cpu'; do
    for most in 1 1000 10k; do
        # shellcheck disable=SC2086 # it is a command and its options
        gguf-dq $command --max-memory "$most" model.gguf 2>&1 | sed 's/least [0-9]*/least N/'
    done
done
gguf-dq extract --max-memory 1k model.gguf 2>/dev/null
echo $?
ls

for wrong in '' 1.5G 64X -1 0% 101% 50%% %; do
    gguf-dq list --max-memory "$wrong" model.gguf
    echo $?
done 2>&1 | grep -v '^Try'
