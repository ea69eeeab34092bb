#!/bin/sh
# A name of 63 bytes that are all percent-encoded fits a file name; one of 200 bytes does not and is
# refused at once.
"$PYTHON" - <<'EOF'
import gguf_writer
def write(path, *names):
    with open(path, 'wb') as f:
        f.write(gguf_writer.model([], [(n, 'f32', [1], b'1234') for n in names]))
write('fits.gguf', '/' * 63)
write('long.gguf', 'short', '/' * 200)
EOF
gguf-dq extract -q fits.gguf
ls fits
gguf-dq extract long.gguf
echo "exit $?"
ls -A
gguf-dq extract -q long.gguf -o x.npy -t '//*'
"$PYTHON" "$TESTS/cli/tools/describe.py" x.npy
