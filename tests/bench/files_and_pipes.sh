#!/bin/bash
# Compares extract and list with what the system needs for the same bytes: new files in the page cache
# with dd and cp, pipes with head and cat, the start with true. Measurements alternate; the figures
# are medians. Nothing is asserted, since the load of the machine matters.
#
# Usage: files_and_pipes.sh GGUF-DQ [MODEL [ROUNDS]]     MODEL is extracted as a whole; by default one
#                                                        shaped like Gemma 3 270M is made
#                                                        (needs 2.5 GB under $TMPDIR)
set -eu
export LC_ALL=C
dq=$(realpath "$1")
model=${2:+$(realpath "$2")}
rounds=${3:-9}
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

mib=512 # of output: 2^27 weights
declare -A times

# timed NAME COMMAND...: notes how long the command takes.
timed() {
  local name=$1 start=${EPOCHREALTIME/./}
  shift
  "$@"
  times[$name]+=" $((${EPOCHREALTIME/./} - start))"
}

# median NAME: in microseconds.
median() {
  local sorted
  read -ra sorted <<<"$(tr ' ' '\n' <<<"${times[$1]}" | sort -n | tr '\n' ' ')"
  echo "${sorted[${#sorted[@]} / 2]}"
}

# row TITLE THEIRS OURS: a line of a table, in milliseconds.
row() {
  local theirs ours
  theirs=$(median "$2")
  ours=$(median "$3")
  awk -v title="$1" -v theirs="$theirs" -v ours="$ours" \
    'BEGIN { printf "%-28s %9.1f %9.1f %7.2f\n", title, theirs / 1000, ours / 1000, ours / theirs }'
}

dd_file() { dd if=/dev/zero of=out bs=1M count=$mib status=none; }
cp_folder() { cp -r ours copy; }
head_cat() { head -c $((mib << 20)) /dev/zero | cat >/dev/null; }
dq_file() { "$dq" extract -q -f "$2" -o out "$1.gguf"; }
dq_pipe() { "$dq" extract -q -f raw -o - "$1.gguf" | cat >/dev/null; }
dq_folder() { "$dq" extract -q -o ours/ "$model"; }
dq_list() { "$dq" list "$1" >/dev/null; }

types='q4_k q6_k iq2_xs'
for type in $types; do
  "${PYTHON:-python3}" "$here/make_noise.py" "$type.gguf" "$type:4096x32768"
done
"${PYTHON:-python3}" "$here/../lib/make_big.py" many.gguf --tensors 100000 --vocab 262144
if [ -z "$model" ]; then
  model=$folder/model.gguf
  "${PYTHON:-python3}" "$here/make_noise.py" "$model"
fi

for ((i = 0; i < rounds; i++)); do
  timed dd dd_file
  rm out
  for type in $types; do
    timed "$type npy" dq_file "$type" npy
    rm out
    timed "$type raw" dq_file "$type" raw
    rm out
  done
  timed head head_cat
  for type in $types; do
    timed "$type pipe" dq_pipe "$type"
  done
  timed folder dq_folder
  timed cp cp_folder
  rm -r ours copy
  timed many dq_list many.gguf
  for ((k = 0; k < 5; k++)); do
    timed true "$(type -P true)"
    timed list dq_list "$here/../../data/sample.gguf"
  done
done

printf '%-28s %9s %9s %7s   (medians of %d)\n' 'milliseconds' 'system' 'gguf-dq' 'ratio' "$rounds"
for type in $types; do
  row "$mib MiB file: dd, $type npy" dd "$type npy"
  row "$mib MiB file: dd, $type raw" dd "$type raw"
done
row 'a model: cp of it, extract' cp folder
for type in $types; do
  row "$mib MiB pipe: head, $type" head "$type pipe"
done
row 'start: true, list' true list
row '100,000 tensors: true, list' true many
