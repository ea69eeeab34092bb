#!/bin/sh
# meson: valgrind
# Names from a file or from standard input, one a line or each terminated by NUL.
cp "$DATA/sample.gguf" .
printf 'output.weight\r\n\nblk.1.attn_q\nrope*' >names
gguf-dq list --names sample.gguf -T names
echo
printf 'output.bias\nblk.{0,1}.attn_norm.weight\n' | gguf-dq list --names sample.gguf -T -
echo
printf 'output.bias\0position_ids\0' | gguf-dq list --names sample.gguf -0 -T -
echo
gguf-dq list --names sample.gguf --null --tensors-from=- output.bias <<'EOF'
token_embd
EOF
echo "exit $?"
printf 'output.bias' | gguf-dq list --names sample.gguf -T - token_embd -x '*bias'
echo 'position_ids[3:5]' >names
gguf-dq extract -n -f raw sample.gguf -T names
: >names
gguf-dq list --names sample.gguf -T names
echo "exit $?"
gguf-dq list --names sample.gguf -T no-such-file
echo "exit $?"
gguf-dq list --names sample.gguf -T .
echo "exit $?"
