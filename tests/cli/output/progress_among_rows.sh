#!/bin/sh
# meson: slow timeout=300
# On a terminal, rows and messages never share a line with progress, which is cut to the width that the
# terminal has at the time, also in wide letters. The screen shows what a pipe gets.
"$PYTHON" - <<'EOF'
import gguf_writer
names = [f'blk.{i}.\u6a21\u578b\u6a21\u578b\u6a21\u578b\u6a21\u578b\u6a21\u578b\u6a21\u578b\u6a21\u578b.weight' for i in range(1500)]
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model([('general.architecture', 'str', 'test')],
                              [(name, 'f32', [8, 4], bytes(128)) for name in names]))
EOF
screen() { "$PYTHON" "$TESTS/cli/output/screen.py" "$@"; }
screen 80 gguf-dq check --values m.gguf
screen 20 gguf-dq check --values m.gguf
screen 40:90 gguf-dq check --values m.gguf
screen 80 gguf-dq check --values --jsonl m.gguf
screen 30 gguf-dq check --values --json m.gguf
screen 60 gguf-dq extract --force --jsonl -o out m.gguf
