# What the scripts of this folder share; sourced. Usage of each: NAME.sh GGUF-DQ [SIZE], where SIZE is that
# of the model's tensors, such as 2G; without it, the model is small.
# shellcheck shell=bash
set -euo pipefail
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=$(realpath "$1")
scratch=$(mktemp -d)
LESSER=${LESSER:-$(dirname "$program")/../tests/lib/liblesser.so}
export program scratch LESSER
ended() { # what else a script has to end goes here
    :
}
trap 'ended; rm -rf "$scratch"' EXIT
python=${PYTHON:-python3}
cd "$scratch"

make_model() {
    local i tensors=(first.weight:q8_0:1024x2048) # one that is written in several pieces
    if [ $# -gt 1 ]; then
        "$python" "$tests/lib/make_big.py" model.gguf --tensor-bytes "$(numfmt --from=iec "$2" | awk '{print int($1 / 40)}')" \
            --type q8_0 --count 40
        return
    fi
    for i in $(seq 40); do
        tensors+=("blk.$i.weight:q4_k:$((i * 7 % 40 + 1))x2048" "blk.$i.bias:f32:$i")
    done
    "$python" "$tests/lib/make_model.py" model.gguf "${tensors[@]}"
}

fail() {
    echo "$*"
    exit 1
}

# extract OPTION...: into the folder out, as f16
extract() {
    "$program" extract -q -d f16 -o out/ "$@" model.gguf
}

# extract_killed OPTION...: the same, but it is killed while it writes a file: each of its reads takes 50 ms,
# so that it cannot be done before.
extract_killed() {
    local pid
    LD_PRELOAD=$LESSER DQ_LESSER=far=50 "$program" extract -q -j 1 -d f16 -o out/ "$@" model.gguf &
    pid=$!
    until readlink "/proc/$pid/fd/"* | grep -q '\.tmp$'; do
        kill -0 $pid || exit # then it has said why
    done
    kill -KILL $pid
    wait $pid
}
export -f extract extract_killed

n_there() {
    find out -name '*.npy' 2>/dev/null | wc -l
}

# is_cut_off WHAT: out has what a killed share leaves, but not everything.
is_cut_off() {
    [ -n "$(find out -name '.*.tmp')" ] || fail "$1: no share was killed while it wrote"
    [ "$(n_there)" -lt "$n_tensors" ] || fail "$1: the share that was killed wrote everything"
}

# same WHAT [OPTION...]: the run that finishes; then out must be what one run wrote, and is removed.
same() {
    local what=$1
    shift
    extract --skip-existing --manifest out.json "$@"
    diff -r due out >/dev/null || fail "$what: different"
    [ "$("$python" -c 'import json; print(len(json.load(open("out.json"))["outputs"]))')" = "$n_tensors" ] ||
        fail "$what: the manifest is not whole"
    rm -r out out.json
    echo "$what: equal"
}

make_model "$@"
n_tensors=$("$program" list --names model.gguf | wc -l)
extract
mv out due
