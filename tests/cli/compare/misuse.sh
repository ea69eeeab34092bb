#!/bin/sh
# What the command line refuses.
cp "$DATA/sample.gguf" m.gguf
for words in '' m.gguf 'm.gguf m.gguf m.gguf' '--max-nmse -1 m.gguf m.gguf' '--max-nmse nan m.gguf m.gguf' \
    '--min-snr x m.gguf m.gguf' '--max-abs inf m.gguf m.gguf' '--max-abs= m.gguf m.gguf' '--cpu baseline --device gpu m.gguf m.gguf' \
    '--json --jsonl m.gguf m.gguf' 'missing.gguf m.gguf' 'm.gguf missing.gguf' 'm.gguf m.gguf nothing'; do
    # shellcheck disable=SC2086
    gguf-dq compare $words
    echo "$?"
done
gguf-dq compare -q - m.gguf output.bias <m.gguf
gguf-dq compare m.gguf m.gguf >>m.gguf
echo "$?"
cmp "$DATA/sample.gguf" m.gguf
cp "$DATA/gguf/good/vocab_only.gguf" none.gguf
gguf-dq compare m.gguf none.gguf
echo "$?"
gguf-dq compare none.gguf m.gguf
echo "$?"
