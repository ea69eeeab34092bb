#!/bin/sh
# A file that is named by its SHA-256 is compared with its name: in the caches of Hugging Face and
# ollama, by its own path or through a link. Both ways of spelling are known, and nothing else is.
digest() { sha256sum "$1" | cut -c1-64; }
show() { # show FILE...: the report, with digests of this test shortened
    for file; do
        gguf-dq check --values "$file" 2>&1 | sed -E "s/([0-9a-f]{6})[0-9a-f]{58}/\1.../g"
    done
}
good=$(digest "$DATA/sample.gguf")
mkdir -p blobs snapshots/x
cp "$DATA/sample.gguf" "blobs/$good"
cp "$DATA/sample.gguf" "sha256-$good"
ln -s "../../blobs/$good" snapshots/x/m.gguf
show "blobs/$good" "sha256-$good" snapshots/x/m.gguf
"$PYTHON" - "$good" <<'EOF'
import sys
for name in f'blobs/{sys.argv[1]}', f'sha256-{sys.argv[1]}':
    with open(name, 'r+b') as f:
        f.seek(70000)
        byte = f.read(1)[0]
        f.seek(70000)
        f.write(bytes([byte ^ 1]))
EOF
show "blobs/$good" "sha256-$good" snapshots/x/m.gguf
gguf-dq check --values -q snapshots/x/m.gguf | wc -l
gguf-dq check --values -q snapshots/x/m.gguf >out
echo "exit $?"
# Without --values, or for a few tensors, the file is not read as a whole.
gguf-dq check snapshots/x/m.gguf
gguf-dq check --values snapshots/x/m.gguf output
# Other names say nothing about the content.
cp "blobs/$good" "${good%?}"
cp "blobs/$good" "${good}0"
cp "blobs/$good" "sha1-$good"
show "${good%?}" "${good}0" "sha1-$good" | sed 's/^[^:]*/FILE/'
# A set: each file for itself. And a file that is no model any more.
mkdir set
for i in 1 2 3; do
    cp "$DATA/gguf/good/split-0000$i-of-00003.gguf" file
    name=$(digest file)
    mv file "blobs/$name"
    ln -s "../blobs/$name" "set/split-0000$i-of-00003.gguf"
done
show set/split-00001-of-00003.gguf
printf 'x' | dd of="blobs/$name" bs=1 seek=0 conv=notrunc status=none
show set/split-00001-of-00003.gguf
