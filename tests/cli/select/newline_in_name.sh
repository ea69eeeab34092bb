#!/bin/sh
# With NUL separators a name can contain newlines; its display name, as shown by list, works as
# well.
cp "$DATA/gguf/good/odd_names.gguf" .
printf 'new\nline\0' | gguf-dq list --names odd_names.gguf -0 -T -
printf 'new\nline\n' | gguf-dq list --names odd_names.gguf -T -
echo "exit $?"
gguf-dq list --names odd_names.gguf 'new\nline' 'a\x1b[31mred' 'back\slash' 'back\\slash'
echo "exit $?"
