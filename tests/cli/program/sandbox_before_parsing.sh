#!/bin/sh
# meson: gpu sandbox
# extract reads a model in the sandbox already, wherever the sizes of its files tell that no GPU can come
# into play. Here reading fails, so what can be done at the end is what could be done before.
mkdir out
head -c 60 "$DATA/sample.gguf" >bad.gguf
cp bad.gguf bad-00001-of-00002.gguf
try() {
    echo "== $*"
    LD_PRELOAD=$INTRUDER gguf-dq extract -q -j2 -o out/ "$@" >/dev/null 2>words
    grep -E '^(reads|starts a program|opens a socket|changes a mode): ' words
}
cp bad.gguf m.gguf # the intruder reads it
try bad.gguf
try - <bad.gguf
GGUF_DQ_MODEL=bad.gguf try
try --device cpu bad.gguf
try -n --device gpu bad.gguf
try --device gpu bad.gguf
echo '-- 60 bytes, each with less than 30 bytes of output'
GGUF_DQ_AUTO_MIN=1800 try bad.gguf
GGUF_DQ_AUTO_MIN=1700 try bad.gguf
echo '-- and as much again for each slice'
GGUF_DQ_AUTO_MIN=5400 try bad.gguf 'a[0]' b '*[1]'
printf 'a[0]\n' >names
printf 'a[0]\n' | GGUF_DQ_AUTO_MIN=5300 try -T - bad.gguf '*[1]'
GGUF_DQ_AUTO_MIN=3500 try -T names bad.gguf
echo '-- with all files that may belong to a set'
truncate -s 1000000000 bad-00002-of-00002.gguf
try bad-00001-of-00002.gguf
truncate -s 100000000 bad-00002-of-00002.gguf
try bad-00001-of-00002.gguf
