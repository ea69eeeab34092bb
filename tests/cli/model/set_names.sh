#!/bin/sh
# Sets with other numberings are opened by any of their files, and extracted to a folder that is no model.
# A file under a name without a number is opened alone, with a warning.
number=0
for names in 'm-%d-of-3.gguf' 'm-%05d-of-00003 (1).gguf' 'm.gguf-%05d-of-00003.gguf' 'm.gguf-%05d-of-00003' \
    'm_%05d_of_00003.gguf' 'm (%d of 3).GGUF' 'm.gguf.part%dof3' 'shard-%d-of-3.gguf'; do
    number=$((number + 1))
    mkdir "$number"
    for n in 1 2 3; do
        # shellcheck disable=SC2059 # it is a format
        cp "$DATA/gguf/good/split-0000$n-of-00003.gguf" "$number/$(printf "$names" $n)"
    done
    (
        cd $number || exit
        gguf-dq list | head -n 1
        # shellcheck disable=SC2059 # it is a format
        gguf-dq list "$(printf "$names" 3)" | head -n 1
        gguf-dq extract -q
        echo "exit $?"
        ls -d ./*/
        gguf-dq list --names | tail -n 1
    )
done
mkdir zero
for n in 1 2 3; do
    cp "$DATA/gguf/good/split-0000$n-of-00003.gguf" "zero/m-$((n - 1))-of-3.gguf"
done
gguf-dq check zero
rm zero/m-0-of-3.gguf
gguf-dq list --names zero

mkdir -p blobs one
cp "$DATA/gguf/good/split-00002-of-00003.gguf" blobs/af393536996221c64e51c0ec256f099927c39ceba8425fed47c227674feed9f3
gguf-dq list --names blobs/af39*
gguf-dq check blobs/af39* | sed 's/blobs.af[^:]*/FILE/'
cp "$DATA/gguf/good/split-00002-of-00003.gguf" one/model.gguf
gguf-dq extract -q one blk.3.q8_0
echo "exit $?"
ls model
gguf-dq extract one -o none/
echo "exit $?"
