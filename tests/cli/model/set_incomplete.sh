#!/bin/sh
# meson: valgrind
# Of an incomplete set, what is there can be listed, checked, verified and extracted. Nothing is written if
# the selection may need what is missing: everything, or all that match a pattern.
try() {
    gguf-dq "$@"
    echo "exit $?"
}
for n in 1 2 3; do
    mkdir $n
    cp "$DATA/gguf/good/split-0000$n-of-00003.gguf" $n
done
for n in 1 2 3; do
    try list $n
    try check $n
done
try list --json 2 | grep warning
try check --jsonl 2
try check --values 2
try extract 2 -o out/
try extract 2 -o out/ 'blk.*'
try extract 2 -o out/ -x blk.3.q8_0
try extract 2 -o out/ blk.3.q8_0 blk.0.q4_k
try extract 2 -q -o out/
[ ! -e out ] || echo out
try extract 2 -o names/ blk.3.q8_0 'blk.5.f16[0]'
try extract 2 -q -o kept/ -k
try extract 2 -o kept/ --force --json -k 'blk.[34]*' | grep -c '"status": "written"'
ls names kept
try verify --device cpu 2 | sed '/^bound/d; /^device/d'
try verify -q --device cpu 2 blk.3.q8_0 | sed '/^bound/d; /^device/d'

# A file that is damaged, an error page for instance, is missing as well.
cp 1/*.gguf 3/*.gguf 2
echo '<!DOCTYPE html>' >2/split-00001-of-00003.gguf
try list --names 2
try check 2
try extract -q 2 -o damaged/
