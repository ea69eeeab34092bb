#!/bin/sh
# meson: valgrind
# What is not a GGUF: the message says what it is, and what to do.
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1234\n' >lfs.gguf
printf '<!DOCTYPE html>\n<html><head><title>Sign in</title>' >page.gguf
printf '<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>' >denied.gguf
printf '{"error":"Repository not found"}' >error.gguf
printf 'Entry not found' >entry.gguf
printf '{"schemaVersion":2,"layers":[{"mediaType":"application/vnd.ollama.image.model"}]}' >latest
printf '\037\213\010\000' >m.gguf.gz
printf '\050\265\057\375\004' >m.gguf.zst
printf 'PK\003\004\000\000\010\010archive/data.pkl\001' >pytorch_model.bin
printf '\100\000\000\000\000\000\000\000{"w":{"dtype":"F32"}}' >model.safetensors
printf 'lmgg\231\312\000\000' >ggml-base.bin
printf 'tjgg\003\000\000\000\000\175\000\000' >ggml-model-q4_0.bin
printf '\000\005\026\007\000\002\000\000' >._m.gguf
printf '\200\002\212\nl\374\234F\371' >consolidated.pth
printf '\223NUMPY\001\000v\000{' >x.npy
printf '\177ELF\002\001\001\000' >llamafile
head -c 5000 /dev/zero >preallocated.gguf
printf '\001\002\003\004\005' >m.gguf.part2of2
printf '\001\002\003\004\005' >unknown.gguf
printf 'GGUF\007\000\000\000' >newer.gguf
: >empty.gguf
for file in lfs.gguf page.gguf denied.gguf error.gguf entry.gguf ./latest m.gguf.gz m.gguf.zst \
    pytorch_model.bin model.safetensors ggml-base.bin ggml-model-q4_0.bin ._m.gguf \
    consolidated.pth x.npy llamafile preallocated.gguf m.gguf.part2of2 unknown.gguf newer.gguf \
    empty.gguf; do
    gguf-dq list "$file" 2>&1 || echo "  exit $?"
done
gguf-dq check entry.gguf
echo "exit $?"
