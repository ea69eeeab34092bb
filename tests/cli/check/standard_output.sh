#!/bin/sh
# A reader that closes the pipe early is not an error; a full disk is.
cp "$DATA/gguf/bad/overlap_partial.gguf" model.gguf
for form in --json --jsonl --verbose; do
    gguf-dq check $form model.gguf >/dev/full
    echo "exit $?"
done
{
    gguf-dq check model.gguf
    echo "exit $?" >&3
} 3>status | true
grep -cx 'exit [01]' status
