#!/bin/sh
# Terminal control characters in names and metadata are escaped on standard output and standard
# error.
cp "$DATA/gguf/good/odd_names.gguf" "$DATA/sample.gguf" .
cp "$DATA/gguf/bad/key_invalid_utf8.gguf" "$DATA/gguf/bad/string_value_invalid_utf8.gguf" \
    "$DATA/gguf/bad/key_embedded_nul.gguf" "$DATA/gguf/bad/tensor_name_embedded_nul.gguf" .
gguf-dq list odd_names.gguf a/b/c '*red' '*evil' 'tab*' 'new*' 'back*'
gguf-dq list --meta key_invalid_utf8.gguf | sed -n 3,4p
gguf-dq list --meta string_value_invalid_utf8.gguf | sed -n 3,6p
gguf-dq list --meta key_embedded_nul.gguf | sed -n 3,4p
gguf-dq list tensor_name_embedded_nul.gguf | tail -n 1
escape=$(printf '\033')
gguf-dq list odd_names.gguf "${escape}[2J"
gguf-dq list "${escape}[2J.gguf"
gguf-dq "${escape}[2J"
gguf-dq list "--${escape}[2J"
gguf-dq extract odd_names.gguf -n -d f32 -x a/b/c
for options in '' --meta --names; do
    for model in ./*.gguf; do
        # shellcheck disable=SC2086 # none is an option, too
        gguf-dq list $options "$model"
    done
done >text
for options in --json '--json --meta' --jsonl; do
    for model in ./*.gguf; do
        # shellcheck disable=SC2086
        gguf-dq list $options "$model"
    done
done >json
"$PYTHON" - <<'EOF'
import unicodedata
for name, harmless in ('text', '\n'), ('json', '\n\x7f'):
    with open(name, encoding='utf-8') as f:
        letters = set(f.read()) - set(harmless)
    print(name, sorted(c for c in letters if unicodedata.category(c) in ('Cc', 'Cf', 'Cs')))
EOF
