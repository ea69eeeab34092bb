#!/bin/bash
# Runs that share a folder, the same share more than once, are killed, ended and stopped at random; the run
# that finishes leaves exactly what one run writes. There are ROUNDS rounds (8) with arrays in files of their
# own, and as many with shards.
# shellcheck source=tests/scale/common.sh
# shellcheck disable=SC2154 # common.sh sets program
. "$(dirname "$0")/common.sh"
seed=${SEED:-17}
RANDOM=$seed
echo "seed $seed"
# What looks for leaks at the end of a run complains if the run is killed meanwhile.
export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0

# The process of a run is its own child, so that a signal meets it and not a shell.
start() {
    "$program" extract -q -d f16 -o out/ "$@" "${options[@]}" model.gguf 2>>errors &
    runs+=($!)
}

one_round() {
    local n run runs=() share status stopped=()
    n=$((RANDOM % 4 + 1))
    for share in $(seq "$n"); do
        start --share "$share/$n"
    done
    start --share "$((RANDOM % n + 1))/$n"
    start --skip-existing
    for run in "${runs[@]}"; do
        sleep "0.0$((RANDOM % 40))"
        case $((RANDOM % 4)) in
        0) kill -KILL "$run" 2>/dev/null || : ;;
        1) kill -TERM "$run" 2>/dev/null || : ;;
        2)
            kill -STOP "$run" 2>/dev/null || :
            stopped+=("$run")
            ;;
        esac
    done
    if [ $((RANDOM % 2)) = 0 ]; then # a run that stands still for the time of another
        start --skip-existing
        wait "${runs[-1]}" || fail "round $round: exit $? of a run beside stopped ones: $(cat errors)"
    fi
    for run in "${stopped[@]}"; do
        kill -CONT "$run" 2>/dev/null || :
    done
    for run in "${runs[@]}"; do
        status=0
        wait "$run" || status=$?
        case $status in
        0 | 137 | 143) ;;
        *) fail "round $round: exit $status: $(cat errors)" ;;
        esac
    done
    [ ! -s errors ] || fail "round $round: $(cat errors)"
    same "round $round, $n shares" "${options[@]}" 2>/dev/null
}

options=()
for round in $(seq "${ROUNDS:-8}"); do
    one_round
done
options=(-f safetensors --max-shard 500KB)
mv due due-npy
extract "${options[@]}"
mv out due
for round in $(seq "${ROUNDS:-8}"); do
    one_round
done
