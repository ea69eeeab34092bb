#!/bin/sh
# --keep-going skips tensors whose file names are too long or ambiguous, and writes the others.
"$PYTHON" - <<'END'
import gguf_writer
names = ['first', '/' * 100, 'Case', 'case', 'CASE', 'last']
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [(n, 'f32', [1], n[:4].encode()) for n in names]))
END
gguf-dq extract -k m.gguf -f raw
echo "exit $?"
ls m
cat m/*.raw
echo
gguf-dq extract -q -k --json m.gguf -o json/ 2>"/dev/null" | grep '"status"'
gguf-dq extract -k -q m.gguf -o long/ first '//*'
echo "exit $?"
gguf-dq extract -k -q m.gguf -o case/ first '[Cc]as*'
echo "exit $?"
ls long case
