#!/bin/sh
# Looking up display names takes negligible time, however many names there are.
"$PYTHON" - <<'END'
import gguf_writer
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [('\x1bt%06d' % i, 'f32', [0], b'') for i in range(150000)]))
END
gguf-dq list --names m.gguf >names
gguf-dq list --names m.gguf -T names | cmp names -
wc -l <names
