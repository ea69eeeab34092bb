#!/bin/bash
# Open MPI runs shares, one per rank: as the manual shows it, and with ranks that fail or are killed. Run on
# demand; needs openmpi-bin.
# shellcheck source=tests/scale/common.sh
. "$(dirname "$0")/common.sh"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# ranks COMMAND [OPTION...]: four ranks, each with its share, of which COMMAND may end before
ranks() {
    local command=$1
    shift
    # shellcheck disable=SC2016 # the ranks expand it
    timeout 60 mpirun --oversubscribe --mca orte_abort_on_non_zero_status "$abort" -n 4 bash -c "$command"'
        exec "$program" extract -q -d f16 -o out/ \
            --share "$((OMPI_COMM_WORLD_RANK + 1))/$OMPI_COMM_WORLD_SIZE" "$@" model.gguf' ranks "$@" 2>mpi.log
}
abort=0 # whether mpirun stops all ranks when one fails
n_there() {
    find out -name '*.npy' 2>/dev/null | wc -l
}

ranks '' || fail "mpirun: $(cat mpi.log)"
[ "$(n_there)" = "$n_tensors" ] || fail 'the ranks did not write everything'
same 'as in the manual'
# shellcheck disable=SC2016
ranks '[ $OMPI_COMM_WORLD_RANK = 2 ] && exit 6' && echo '(mpirun says that all is well)'
[ "$(n_there)" -lt "$n_tensors" ] || fail 'the rank that failed wrote something'
same 'a rank fails'
# shellcheck disable=SC2016
abort=1 ranks '[ $OMPI_COMM_WORLD_RANK = 2 ] && kill -KILL $$' && fail 'mpirun hides that a rank was killed'
[ "$(n_there)" -lt "$n_tensors" ] || fail 'the rank that was killed wrote something'
same 'a rank is killed'
ranks '' -f safetensors --max-shard 500KB || fail "mpirun: $(cat mpi.log)"
rm -r due
extract -f safetensors --max-shard 500KB --skip-existing
mv out again
extract -f safetensors --max-shard 500KB
diff -r again out || fail 'shards: different'
echo 'shards: equal'
