#!/bin/sh
# A split set may have more files than the soft limit of open files, which the program raises.
"$PYTHON" - <<'END'
import struct
import gguf_writer
COUNT = 1100
for n in range(COUNT):
    keys = [('split.no', 'u16', n), ('split.count', 'u16', COUNT),
            ('split.tensors.count', 'i32', COUNT)]
    with open(f'm-{n + 1:05d}-of-{COUNT:05d}.gguf', 'wb') as f:
        f.write(gguf_writer.model(keys, [(f't{n}', 'f32', [1], struct.pack('<f', n))]))
END
# shellcheck disable=SC3045 # dash has it as well
hard=$(ulimit -H -n)
if [ "$hard" != unlimited ] && [ "$hard" -lt 1200 ]; then
    exit 77 # skipped: this limit does not allow 1100 open files
fi
# shellcheck disable=SC3045 # dash has it as well
ulimit -S -n 1024
gguf-dq list --names m-00001-of-01100.gguf | wc -l
gguf-dq extract m-00001-of-01100.gguf -f raw -o - >all
echo "exit $?"
"$PYTHON" -c 'import numpy; print((numpy.fromfile("all", "<f4") == numpy.arange(1100)).all())'
gguf-dq extract -q m-00001-of-01100.gguf
# shellcheck disable=SC2012 # plain names
echo "exit $?, $(ls m | wc -l) files"
