#!/bin/sh
# If a word is the raw name of one tensor and the display name of another, it selects the latter, as
# shown by `list`; with --null, it selects the former.
"$PYTHON" - <<'END'
import gguf_writer
names = ['x\\x1b', 'x\x1b', 'y\\\\z', 'y\\z', 'only\\n']
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [(n, 'f32', [2], b'%04d%04d' % (i, i))
                                   for i, n in enumerate(names)]))
with open('raw', 'w') as f:
    f.writelines(n + '\0' for n in names)
END
gguf-dq list --names m.gguf | tee names
gguf-dq extract m.gguf -f raw -o - >all
gguf-dq extract m.gguf -f raw -o - -T names | cmp all -
gguf-dq extract m.gguf -f raw -o - -0 -T raw | cmp all -
while IFS= read -r name; do
    gguf-dq extract m.gguf -f raw -o - -t "$name"
    printf ' %s\n' "$name"
done <names
gguf-dq extract m.gguf -f raw -o - -t 'only\n' -t 'x\x1b[0]'
echo
gguf-dq list --names m.gguf -x 'x\x1b' -x 'y\\z'
