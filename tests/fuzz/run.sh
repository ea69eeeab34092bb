#!/bin/bash
# Builds the fuzz targets with clang and runs them one after another, each for some seconds. The inputs
# found then run once more without an engine and sanitizers, to check their time and memory.
#
# Usage: run.sh [SECONDS [TARGET...]]        60 seconds; gguf foreign decode select names cli containers arrays
#
# FUZZ_BUILD: the build folder (build-fuzz). FUZZ_FOUND: where inputs are kept between runs
# (build-fuzz/found); inputs that fail go to its failures/. Exit status 1: an input failed.
set -u
cd "$(dirname "$0")/../.." || exit 2

seconds=${1:-60}
shift
[ $# -gt 0 ] || set -- gguf foreign decode select names cli containers arrays
build=${FUZZ_BUILD:-build-fuzz}
found=${FUZZ_FOUND:-$build/found}

setup() { # setup FOLDER MESON-ARGUMENT...
  local folder=$1
  shift
  [ -d "$folder" ] || CC=clang CXX=clang++ meson setup "$folder" -Dhip=disabled -Dcuda=disabled \
    -Dtests=enabled "$@" || exit 2
  ninja -C "$folder" build.ninja || exit 2
}
setup "$build" -Dfuzzing=enabled -Db_sanitize=address,undefined -Db_lundef=false \
  -Dbuildtype=debugoptimized
setup "$build-plain"
meson compile -C "$build" "${@/#/fuzz_}" && meson compile -C "$build-plain" "${@/#/replay_}" || exit 2

# Sanitizers keep freed memory for a while, which must not count as the program's.
export ASAN_OPTIONS=detect_leaks=1:quarantine_size_mb=8
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
mkdir -p "$found/failures"
status=0
for target; do
  mkdir -p "$found/$target"
  inputs=("$found/$target" "tests/fuzz/corpus/$target")
  options=(-max_total_time="$seconds" -max_len=4096 -timeout=5 -rss_limit_mb=512 -malloc_limit_mb=64
    -artifact_prefix="$found/failures/$target-" -print_final_stats=1)
  case $target in
  gguf)
    inputs+=(data/gguf/good data/gguf/bad)
    options+=(-dict=tests/fuzz/gguf.dict)
    ;;
  foreign) options+=(-dict=tests/fuzz/foreign.dict) ;;
  select | names) options+=(-dict=tests/fuzz/words.dict) ;;
  cli) options+=(-dict=tests/fuzz/gguf.dict -close_fd_mask=3) ;; # standard output and error are the program's
  esac
  printf '\n== %s\n' "$target"
  "$build/tests/fuzz/fuzz_$target" "${options[@]}" "${inputs[@]}" || status=1
  "$build-plain/tests/fuzz/replay_$target" "${inputs[@]}" || status=1
done
exit $status
