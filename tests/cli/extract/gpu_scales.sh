#!/bin/sh
# meson: gpu
# Scales are multiplied in after a GPU has decoded, with the same result.
"$PYTHON" - "$DATA" <<'EOF'
import struct
import sys
import gguf_writer
golden = open(f'{sys.argv[1]}/golden/nvfp4.blocks', 'rb').read()[:36 * 48]
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [('w.weight', 'nvfp4', [64, 16, 3], golden),
                                   ('w.scale', 'f32', [3], struct.pack('<3f', 1 / 3, 1e38, -7))]))
EOF
for dtype in f32 f16 bf16; do
    for device in cpu gpu; do
        gguf-dq extract -q --device $device --apply-scales -d $dtype -f raw m.gguf w.weight -o - >$device
    done
    cmp cpu gpu && wc -c <gpu
done
