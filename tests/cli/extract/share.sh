#!/bin/sh
# meson: threads
# Shares of a model into one directory, restarted with another N and finished by an ordinary run, give the
# files of one run.
cp "$DATA/sample.gguf" m.gguf
gguf-dq extract -q -o due/ --manifest due.json m.gguf
echo '# shares with no tensors write nothing, not even the directory'
gguf-dq extract --share 28/28 -o out/ m.gguf
echo "exit $?"
gguf-dq extract --json --share 28/28 -o out/ m.gguf
gguf-dq extract --jsonl --share 28/28 -o out/ m.gguf
ls
echo '# what a share says'
gguf-dq extract --share 2/4 -o out/ m.gguf
gguf-dq extract --share 2/4 -o out/ m.gguf
gguf-dq extract -n --share 1/4 -o out/ m.gguf
gguf-dq extract -n --share 1/3 -o out/ m.gguf
gguf-dq extract -v --share 3/4 -o other/ m.gguf 2>&1 | grep tensors
gguf-dq list --names --share 3/4 m.gguf >names
sort names >sorted
find other -name '*.npy' -exec basename {} .npy \; | sort | diff - sorted
gguf-dq extract -q --jsonl --share 3/4 -o json/ m.gguf |
    "$PYTHON" -c 'import json, sys; print(*(json.loads(l)["tensor"] for l in sys.stdin), sep="\n")' | diff - names
gguf-dq extract -q --json --share 3/4 -o json/ m.gguf | grep -c '"status": "skipped"'
echo '# killed runs left a temporary file, which shares do not look for'
touch "out/.gguf-dq-1-1-$(head -c 8 /proc/sys/kernel/random/boot_id).tmp"
for i in 5 4 3 2 1; do
    gguf-dq extract -q --share "$i/5" -o out/ m.gguf || echo "$i: exit $?"
done
find out -name '.*.tmp' | wc -l
rm out/output.weight.npy out/blk.0.attn_q.bias.npy
gguf-dq extract --skip-existing -o out/ --manifest out.json m.gguf
find out -name '.*.tmp' | wc -l
diff -r due out && "$PYTHON" -c '
import json
for due, out in zip(json.load(open("due.json"))["outputs"], json.load(open("out.json"))["outputs"], strict=True):
    assert {**due, "path": "", "status": ""} == {**out, "path": "", "status": ""}
    assert out["path"] == due["path"].replace("due", "out")'
echo '# all shares at once, each twice'
for i in 1 2 3 4 1 2 3 4; do
    { gguf-dq extract -q -j 2 --share "$i/4" -o at-once/ m.gguf || echo "$i: exit $?"; } &
done
wait
diff -r due at-once
find at-once -name '.*'
echo '# other files in the way'
mkdir way
echo x >way/output.weight.npy
for i in 1 2 3 4; do
    gguf-dq extract --share "$i/4" -o way/ m.gguf
    echo "exit $?"
done
