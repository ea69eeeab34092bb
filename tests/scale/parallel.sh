#!/bin/bash
# GNU parallel runs shares: as the manual shows it, with jobs that fail at first, with runs that are killed
# and another number of shares afterwards, and for a set of shards.
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
same 'as in the manual'

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
[ "$(find out -name '*.npy' | wc -l)" -lt "$n_tensors" ] || fail 'the shares that failed are there'
seq 24 | parallel -j 4 --joblog log.flaky --resume-failed flaky {} || fail 'the shares failed again'
[ "$(find out -name '*.npy' | wc -l)" = "$n_tensors" ] || fail 'the shares are not whole'
same 'failed and resumed'

# A run is killed while it writes; the others leave its temporary file, as a run of another share might be
# writing it, and the one that finishes removes it.
"$python" "$tests/lib/make_big.py" large.gguf --tensor-bytes 64M --type f32 --count 3
"$program" extract -q -f raw -o due-large/ large.gguf
for attempt in $(seq 50); do
    rm -rf large
    "$program" extract -q -f raw -o large/ --share 2/3 large.gguf &
    pid=$!
    until [ -n "$(find large -name '.*.tmp' -size +0 2>/dev/null)" ] || ! kill -0 "$pid" 2>/dev/null; do
        :
    done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    [ -z "$(find large -name '.*.tmp')" ] || break # it was killed in time
done
[ -z "$(find large -name '*.raw')" ] || fail "killed, attempt $attempt: a file appeared"
seq 5 | parallel -j 3 gguf-dq extract -q -f raw -o large/ --share {}/5 large.gguf
[ "$(find large -name '.*.tmp' | wc -l)" = 1 ] || fail 'killed: a share removed the temporary file'
diff -r -x '.*' due-large large >/dev/null || fail 'killed: different'
"$program" extract -q -f raw --skip-existing -o large/ large.gguf
diff -r due-large large || fail 'killed: the run that finishes left something'
rm -r due-large large
echo 'killed, and then others: equal'

mv due due-npy
extract -f safetensors --max-shard 500KB
mv out due
seq 6 | parallel -j 3 extract -f safetensors --max-shard 500KB --share {}/6
[ ! -e out/model.safetensors.index.json ] || fail 'a share wrote the index'
same 'shards' -f safetensors --max-shard 500KB
