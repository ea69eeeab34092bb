#!/bin/sh
# Names printed by `list --names` select the same tensors when they are read back.
"$PYTHON" - <<'END'
import gguf_writer
names = ['plain', 'plain[0]', 'new\nline', 'new\nline[0]', 'tab\t[0:1]', 'back\\slash[0]',
         '\x1b[31m[0]', b'\xff[0]', 'ü[0]', 'a{b,c}\n[0]', 'star*\r[0]', '\r', ' [0]', '[0]',
         '\\[0]', '\\n[0]', '\u202e[...]']
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [(n, 'f32', [2], b'%04d%04d' % (i, i))
                                   for i, n in enumerate(names)]))
END
gguf-dq list --names m.gguf | tee names
gguf-dq extract m.gguf -f raw -o - >all
gguf-dq list --names m.gguf | gguf-dq extract -T - m.gguf -f raw -o - >again
echo "exit $?"
cmp all again
tr '\n' '\0' <names | gguf-dq extract -0 -T - m.gguf -f raw -o - | cmp all -
# Each name alone, as an argument.
while IFS= read -r name; do
    gguf-dq extract m.gguf -f raw -o - -t "$name"
done <names | cmp all -
gguf-dq extract m.gguf -f raw -o - -t 'new\nline[0][1]'
echo
