#!/bin/sh
# Where standard output or standard error does not block (a shell or a parent has set O_NONBLOCK), every
# line arrives, however slow the reader is.
"$PYTHON" "$TESTS/lib/make_big.py" many.gguf --tensors 5000
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 1M
"$PYTHON" - <<'EOF'
import struct
import gguf_writer
with open('bad.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [(f'blk.{i}.weight', 'f32', [2], struct.pack('<2f', float('nan'), 1e30))
                                   for i in range(1200)]))
EOF
try() { "$PYTHON" "$TESTS/cli/output/nonblocking.py" "$@"; }
try stdout gguf-dq list many.gguf
try stdout gguf-dq list --json many.gguf
try stdout gguf-dq list --jsonl many.gguf
try stdout gguf-dq list --names many.gguf
try stdout gguf-dq check --values bad.gguf
try stdout gguf-dq check --values --jsonl bad.gguf
try stdout gguf-dq extract --dry-run many.gguf
try stdout gguf-dq extract -f raw -q -o - big.gguf
try stderr gguf-dq extract --force -d f16 -f raw -o out bad.gguf
