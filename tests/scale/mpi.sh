#!/bin/bash
# Open MPI runs shares, one per rank: as the manual shows it, with ranks that fail or are killed and another
# number of ranks afterwards, and for a set of shards.
# shellcheck source=tests/scale/common.sh
. "$(dirname "$0")/common.sh"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
mpirun=$(command -v mpirun.openmpi || echo mpirun)

# ranks N COMMAND [OPTION...]: N ranks, each with its share, of which COMMAND may end before
ranks() {
    local n=$1 command=$2
    shift 2
    # shellcheck disable=SC2016 # the ranks expand it
    timeout 120 "$mpirun" --oversubscribe --mca orte_abort_on_non_zero_status "$abort" -n "$n" bash -c '
        share=$((OMPI_COMM_WORLD_RANK + 1))/$OMPI_COMM_WORLD_SIZE
        '"$command"'
        exec "$program" extract -q -d f16 -o out/ --share "$share" "$@" model.gguf' ranks "$@" 2>mpi.log
}
abort=0 # whether mpirun stops all ranks when one fails

ranks 4 '' || fail "mpirun: $(cat mpi.log)"
[ "$(n_there)" = "$n_tensors" ] || fail 'the ranks did not write everything'
same '4 ranks, as in the manual'
# shellcheck disable=SC2016
ranks 4 '[ $OMPI_COMM_WORLD_RANK = 2 ] && exit 6' && echo '(mpirun says that all is well)'
[ "$(n_there)" -lt "$n_tensors" ] || fail 'the rank that failed wrote something'
same '4 ranks, one fails'
# shellcheck disable=SC2016
for abort in 0 1; do
    ranks 4 '[ $OMPI_COMM_WORLD_RANK = 0 ] && { extract_killed --share "$share"; exit; }' || [ $? != 124 ] ||
        fail 'mpirun does not end'
    is_cut_off '4 ranks'
    ranks 3 '' || fail "mpirun: $(cat mpi.log)"
    [ "$(n_there)" = "$n_tensors" ] || fail 'the ranks did not write what was missing'
    same "4 ranks, one is killed, then 3 (all stop: $abort)"
done
abort=0
ranks 4 '' -f safetensors --max-shard 500KB || fail "mpirun: $(cat mpi.log)"
rm -r due
extract -f safetensors --max-shard 500KB --skip-existing
mv out again
extract -f safetensors --max-shard 500KB
diff -r again out || fail 'shards: different'
echo '4 ranks, shards: equal'
