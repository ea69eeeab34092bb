#!/bin/sh
# With too few file descriptors, a one-line message names the file that could not be opened, and no
# partial file is left.
cp "$DATA/sample.gguf" model.gguf
for n in 5 6 7 8 9 10 11 12; do
    rm -rf arrays
    (
        # shellcheck disable=SC3045 # dash has it as well
        ulimit -n "$n"
        exec gguf-dq extract -q -o arrays/ model.gguf
    ) 2>err
    status=$?
    [ "$status" -ne 0 ] || break
    [ "$status" -eq 6 ] || echo "$n: $status"
    [ "$(wc -l <err)" -eq 1 ] || cat err
    grep -q "^gguf-dq: arrays.*: Too many open files (the limit is $n; ulimit -n NUMBER raises it" err || cat err
    ls -A arrays 2>/dev/null
done
find arrays -name '*.npy' | wc -l

# A split set with more files than may be open.
"$PYTHON" - <<'END'
import struct
import gguf_writer
for n in range(30):
    keys = [('split.no', 'u16', n), ('split.count', 'u16', 30)]
    with open(f'm-{n + 1:05d}-of-00030.gguf', 'wb') as f:
        f.write(gguf_writer.model(keys, [(f't{n}', 'f32', [1], struct.pack('<f', n))]))
END
# shellcheck disable=SC3045 # dash has it as well
ulimit -n 20
gguf-dq list m-00001-of-00030.gguf 2>err
echo "exit $?"
sed 's/m-000[0-9]*/m-000NN/' err
