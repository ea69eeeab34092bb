#!/bin/sh
# Of a file that was cut, every command says so once, and not for each tensor; a tensor that is selected alone gets
# its own reason.
cp "$DATA/sample.gguf" whole.gguf
head -c 100000 whole.gguf >cut.gguf
for command in 'stats cut.gguf' 'hash cut.gguf' 'compare cut.gguf whole.gguf' 'compare whole.gguf cut.gguf' \
    'show cut.gguf output blk.0.attn_q' 'verify --device cpu cut.gguf' 'extract cut.gguf' \
    'stats cut.gguf blk.0.attn_q.weight'; do
    echo "-- $command"
    # shellcheck disable=SC2086 # words
    gguf-dq $command 2>err >out
    status=$?
    cat err
    echo "exit $status"
done
