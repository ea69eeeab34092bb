#!/bin/sh
# JSON holds strings in full, up to 16 MiB, or 4 MiB if they are not valid UTF-8 and have to be
# escaped; longer ones are refused without taking memory for them.
make() { # make LENGTH BYTE
    "$PYTHON" - "$@" <<'END'
import sys
import gguf_writer
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model([('a', 'str', bytes([int(sys.argv[2])]) * int(sys.argv[1]))], []))
END
}
show() {
    "$PYTHON" "$TESTS/cli/tools/measure.py" gguf-dq list --meta --json m.gguf >json
    "$PYTHON" -c '
import json
with open("json") as f:
    value = json.load(f)["metadata"]["a"]["value"]
print(len(value), ascii(value[:8]))'
}
make 16777216 120 && show
make 4194304 255 && show
for length in 16777217 4194305; do
    make $length 255
    "$PYTHON" "$TESTS/cli/tools/measure.py" gguf-dq list --meta --json m.gguf >/dev/null
done
