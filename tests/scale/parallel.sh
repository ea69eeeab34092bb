#!/bin/bash
# GNU parallel runs shares: as the manual shows it, with jobs that fail at first, with one that is killed and
# another number of shares afterwards, and for a set of shards.
# shellcheck source=tests/scale/common.sh
. "$(dirname "$0")/common.sh"
export PARALLEL_HOME=$scratch/parallel
mkdir "$PARALLEL_HOME"
touch "$PARALLEL_HOME/will-cite"
parallel --version | grep -q 'GNU parallel' || fail 'this parallel is not the one of GNU'

mkdir bin
ln -s "$program" bin/gguf-dq
PATH=$scratch/bin:$PATH
seq 16 | parallel -j 4 --joblog log --retries 3 \
    gguf-dq extract -q -d f16 -o out/ --share {}/16 model.gguf
same '16 shares, as in the manual'

flaky() { # the share $1 of 24 fails once if it is a multiple of 5
    if [ $(($1 % 5)) = 0 ] && [ ! -e "failed-$1" ]; then
        touch "failed-$1"
        return 6
    fi
    extract --share "$1/24"
}
export -f flaky
rc=0
seq 24 | parallel -j 4 --joblog log.flaky flaky {} || rc=$?
[ $rc = 4 ] || fail "4 jobs failed, but parallel said $rc"
[ "$(n_there)" -lt "$n_tensors" ] || fail 'the shares that failed are there'
seq 24 | parallel -j 4 --joblog log.flaky --resume-failed flaky {} || fail 'the shares failed again'
[ "$(n_there)" = "$n_tensors" ] || fail 'the shares are not whole'
same '24 shares, failed and resumed'

# A share is killed while it writes; others leave its temporary file, as a run of another share might be
# writing it, and the run that finishes removes it.
killed_once() { # the share $1 of 4
    if [ "$1" = 1 ] && [ ! -e killed ]; then
        touch killed
        extract_killed --share 1/4
    else
        extract --share "$1/4"
    fi
}
export -f killed_once
rc=0
seq 4 | parallel -j 4 --joblog log.killed killed_once {} || rc=$?
[ $rc = 1 ] || fail "a job was killed, but parallel said $rc"
is_cut_off '4 shares'
seq 5 | parallel -j 3 extract --share {}/5
[ "$(n_there)" = "$n_tensors" ] || fail 'the shares did not write what was missing'
[ "$(find out -name '.*.tmp' | wc -l)" = 1 ] || fail 'a share removed the temporary file'
same '4 shares, one is killed, then 5'

mv due due-npy
extract -f safetensors --max-shard 500KB
mv out due
seq 6 | parallel -j 3 extract -f safetensors --max-shard 500KB --share {}/6
[ ! -e out/model.safetensors.index.json ] || fail 'a share wrote the index'
same '6 shares, shards' -f safetensors --max-shard 500KB
