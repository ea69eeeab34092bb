#!/bin/bash
# Compares extract and list with what the system needs for the same bytes: new files in the page cache
# with dd, as many at once as there are processors, and with cp; small files with a loop in C; pipes with
# head and cat; a file that is not in the page cache with cat; the start with true. Measurements
# alternate; the figures are medians. Nothing is asserted, since the load of the machine matters.
#
# Usage: files_and_pipes.sh GGUF-DQ [MODEL [ROUNDS [MIB [SMALL]]]]
#   MODEL   is extracted as a whole; by default, or if empty, one shaped like Gemma 3 270M is made
#           (needs 2.5 GB under $TMPDIR, whose file system is the one that is measured)
#   MIB     the size of the large files and of what goes through pipes (512)
#   SMALL   how many tensors of 1000 weights are extracted to small files (10000)
# $DEVICE is the device that decodes (cpu), $SMALL_FILES the compiled small_files.c; without it, cc
# compiles it.
set -eu
export LC_ALL=C
dq=$(realpath "$1")
model=${2:+$(realpath "$2")}
rounds=${3:-9}
mib=${4:-512}
small=${5:-10000}
device=${DEVICE:-cpu}
processors=$(nproc)
small_files=${SMALL_FILES:+$(realpath "$SMALL_FILES")}
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

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

# row TITLE THEIRS OURS: a line of a table, in milliseconds. THEIRS may be several, whose times add up.
row() {
  local theirs=0 ours name
  for name in $2; do
    theirs=$((theirs + $(median "$name")))
  done
  ours=$(median "$3")
  awk -v title="$1" -v theirs="$theirs" -v ours="$ours" \
    'BEGIN { printf "%-34s %9.1f %9.1f %7.2f\n", title, theirs / 1000, ours / 1000, ours / theirs }'
}

extract() { "$dq" extract -q --device "$device" "$@"; }
dd_file() { dd if=/dev/zero of=out bs=1M count="$mib" status=none; }
# As many bytes as the folder has, rounded up, in a file for each processor.
dd_files() {
  local i count=$(((bytes / processors >> 20) + 1))
  for ((i = 0; i < processors; i++)); do
    dd if=/dev/zero of=dd.$i bs=1M count=$count status=none &
  done
  wait
}
cp_folder() { cp -r ours copy; }
head_cat() { head -c $((mib << 20)) /dev/zero | cat >/dev/null; }
dq_file() { extract -f "$2" -o out "$1.gguf"; }
dq_pipe() { extract -f raw -o - "$1.gguf" | cat >/dev/null; }
dq_null() { extract -f raw -o - "$model" >/dev/null; }
dq_folder() { extract -o ours/ "$model"; }
dq_shards() { extract -o shards/ -f safetensors --max-shard $((bytes / processors / 4 + 1)) "$model"; }
dq_small() { extract -j "$1" -o small/ small.gguf; }
loop_small() { "$small_files" loop "$small" 4128 "$1"; }
cold() { # drops a file from the page cache, if its file system lets it
  dd if="$model" iflag=nocache count=0 status=none
}
dq_list() { "$dq" list "$1" >/dev/null; }

if [ -z "$small_files" ]; then
  small_files=$folder/small_files
  "${CC:-cc}" -O2 -D_POSIX_C_SOURCE=200809L -pthread -o "$small_files" "$here/small_files.c"
fi
types='q4_k q6_k iq2_xs'
for type in $types; do
  "${PYTHON:-python3}" "$here/make_noise.py" "$type.gguf" "$type:4096x$((mib * 64))"
done
"${PYTHON:-python3}" "$here/../lib/make_big.py" many.gguf --tensors 100000 --vocab 262144
yes f32:1000x1 | head -n "$small" | xargs -x -n "$small" -s 1000000 "${PYTHON:-python3}" "$here/make_noise.py" small.gguf
if [ -z "$model" ]; then
  model=$folder/model.gguf
  "${PYTHON:-python3}" "$here/make_noise.py" "$model"
fi

dq_folder
bytes=$(du -sb ours | cut -f 1)
rm -r ours

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
  timed null dq_null
  timed dds dd_files
  rm dd.*
  timed folder dq_folder
  timed cp cp_folder
  rm -r ours copy
  timed shards dq_shards
  rm -r shards
  for threads in 1 $processors; do
    mkdir loop
    timed "loop$threads" loop_small "$threads"
    timed "small$threads" dq_small "$threads"
    rm -r loop small
  done
  cold
  timed cat cat "$model" >/dev/null
  cold
  timed cold dq_null
  timed many dq_list many.gguf
  for ((k = 0; k < 5; k++)); do
    timed true "$(type -P true)"
    timed list dq_list "$here/../../data/sample.gguf"
  done
done

printf '%-34s %9s %9s %7s   (medians of %d, %d processors, %s)\n' \
  'milliseconds' 'system' 'gguf-dq' 'ratio' "$rounds" "$processors" "$device"
row 'a model: null + dds, folder' 'null dds' folder
row 'a model: null + dds, shards' 'null dds' shards
row 'a model: cp of it, folder' cp folder
row 'a model, cold: cat + null, null' 'cat null' cold
for type in $types; do
  row "$mib MiB file: dd, $type npy" dd "$type npy"
  row "$mib MiB file: dd, $type raw" dd "$type raw"
done
for type in $types; do
  row "$mib MiB pipe: head, $type" head "$type pipe"
done
row "$small small files: loop, -j1" loop1 small1
[ "$processors" = 1 ] ||
  row "$small small files: loops, -j$processors" "loop$processors" "small$processors"
row 'start: true, list' true list
row '100,000 tensors: true, list' true many
