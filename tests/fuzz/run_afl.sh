#!/bin/bash
# Builds the program itself with AFL++ and fuzzes the models that list, extract and verify read, each
# for some seconds.
#
# Usage: run_afl.sh [SECONDS]        60 seconds
#
# AFL_BUILD: the build folder (build-afl); AFL++ writes to out-COMMAND/default there. Exit status 1: it
# found a crash or a hang.
set -u
cd "$(dirname "$0")/../.." || exit 2

seconds=${1:-60}
build=${AFL_BUILD:-build-afl}
export AFL_USE_ASAN=1 AFL_USE_UBSAN=1
[ -d "$build" ] || CC=afl-clang-fast CXX=afl-clang-fast++ meson setup "$build" -Dhip=disabled \
  -Dcuda=disabled -Dtests=disabled -Dbuildtype=debugoptimized -Db_lundef=false || exit 2
meson compile -C "$build" gguf-dq || exit 2

# AFL++ works best with few and small inputs.
rm -rf "$build/in"
mkdir -p "$build/in" "$build/scratch" || exit 2
find data/gguf/good data/gguf/bad -maxdepth 1 -name '*.gguf' -size -2 -exec cp {} "$build/in" \;

export AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1
export ASAN_OPTIONS=abort_on_error=1:symbolize=0:detect_leaks=0
export UBSAN_OPTIONS=halt_on_error=1:abort_on_error=1:symbolize=0
status=0
fuzz() { # fuzz NAME WORD...: gguf-dq with these words, @@ being the model
  local name=$1
  shift
  printf '\n== %s\n' "$*"
  rm -rf "$build/out-$name"
  afl-fuzz -i "$build/in" -o "$build/out-$name" -x tests/fuzz/gguf.dict -m none -t 5000 \
    -V "$seconds" -- "$build/src/gguf-dq" "$@" || status=1
  local failures
  failures=$(find "$build/out-$name/default/crashes" "$build/out-$name/default/hangs" -name 'id*')
  if [ -n "$failures" ]; then
    printf 'found:\n%s\n' "$failures"
    status=1
  fi
  grep -E '^(execs_done|edges_found|corpus_count|saved_)' "$build/out-$name/default/fuzzer_stats"
}
fuzz list list --meta --json @@
fuzz extract extract --keep-going --force -o "$build/scratch/" @@
fuzz verify verify --device cpu @@
exit $status
