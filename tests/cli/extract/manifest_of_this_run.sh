#!/bin/sh
# The manifest is of this run, also if the reader of the arrays goes away; otherwise the exit status is
# not 0.
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 16M
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf old:f32:4
try() {
    { gguf-dq extract -f raw -o - --manifest m.json "$@" big.gguf; echo "exit $?" >&2; } | head -c 1 >first
    "$PYTHON" -c '
import json
for out in json.load(open("m.json"))["outputs"]:
    print(out["tensor"], out["status"], out["reason"])'
}
echo '== none before'
try
echo '== one of an earlier run'
rm m.json
gguf-dq extract -q -o x.npy --manifest m.json m.gguf
try --force
rm m.json
gguf-dq extract -q -o y.npy --manifest m.json m.gguf
try --skip-existing
echo '== a pipe by name'
mkfifo fifo
rm m.json
head -c 1 fifo >first &
gguf-dq extract -f raw -o fifo --manifest m.json big.gguf
echo "exit $?"
wait
grep -c '"failed"' m.json
echo '== it cannot be written any more'
rm m.json
mkdir folder
{ gguf-dq extract -f raw -o - --manifest folder/m.json big.gguf; echo "exit $?" >&2; } | {
    head -c 1 >first
    mv folder gone
    mkdir gone/m.json
}
