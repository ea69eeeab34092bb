#!/bin/sh
# Whatever bytes a name holds, a diagnostic is a single line of printable characters.
"$PYTHON" - <<'EOF'
import gguf_writer
names = ['\x1b[2J', 'new\nline', 'back\\slash', '\u202egnp', 'x' * 70, 'é']
with open('a\nb.gguf', 'wb') as f:
    f.write(gguf_writer.model([('general.architecture', 'str', 'test'), ('\x1b[31m', 'u8', 1)],
                              [(name, 'f32', [0], b'') for name in names]))
EOF
gguf-dq check 'a
b.gguf'
gguf-dq check --jsonl 'a
b.gguf' | head -n 2
