#!/bin/sh
# A manifest is refused before anything is written if, with --skip-existing, the existing file is
# not a manifest, or if its name is that of an existing folder or of one that will be created.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf x:f32:2x6
try() {
    gguf-dq extract -q m.gguf "$@"
    echo "exit $?"
}
echo 'Buy milk' >notes.txt
: >empty
printf '{"gguf-dq"' >short
echo '{"milk": 1, "gguf-dq": "0"}' >other.json
printf '  {\n\t"gguf-dq" :"0.1.0"}' >old.json
mkfifo fifo
ln -s nowhere link
for name in notes.txt empty short other.json fifo link; do
    try --skip-existing -o out --manifest "$name"
done
cat notes.txt
for name in mo/ mo ./mo mo/. mo/.. .; do
    try -o mo/ --manifest "$name"
done
try -o a/b/c/ --manifest a/b
try -o a/b/c/ --manifest a
ls -A
try --skip-existing -o out --manifest old.json
try --skip-existing -o out --manifest old.json
grep -c tensor old.json
try -o mo/ --manifest mo/mo
try --force -o out --manifest notes.txt
grep -c tensor notes.txt
# The same holds for a manifest that appears while the arrays are written.
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 16M
appears() {
    rm -f new.json
    { gguf-dq extract --skip-existing -o - --manifest new.json big.gguf; echo "exit $?" >&2; } | {
        dd bs=1 count=1 2>"/dev/null" >first
        cp "$1" new.json
        cat >rest
    }
    head -c 6 new.json
    echo
}
echo 'Buy milk' >notes.txt
appears notes.txt
appears old.json
