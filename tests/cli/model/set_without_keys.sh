#!/bin/sh
# Files that only their names put together are a set, with a warning; nothing is missing, so everything can
# be extracted. Where a merged model keeps the keys, with a count of 0, it is whole.
for n in 1 2; do
    "$PYTHON" "$TESTS/lib/make_model.py" m-0000$n-of-00002.gguf "t$n:f32:4"
done
try() {
    gguf-dq "$@"
    echo "exit $?"
}
try list --names
try check
try extract -o all/
ls all
try extract -q -o quiet/
rm m-00001-of-00002.gguf
try list --names
try check
try extract -o none/
"$PYTHON" - <<'END'
import struct
import gguf_writer
keys = [('general.architecture', 'str', 'test'), ('split.no', 'u16', 0), ('split.count', 'u16', 0),
        ('split.tensors.count', 'i32', 7)]
with open('merged.gguf', 'wb') as f:
    f.write(gguf_writer.model(keys, [('t', 'f32', [1], struct.pack('<f', 1))]))
END
try check merged.gguf
