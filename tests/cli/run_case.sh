#!/bin/sh
# Runs command-line cases and compares what they print with the expected output next to them.
#
# Usage: run_case.sh CASE.sh...             exit 1 if an output differs
#        run_case.sh --update CASE.sh...    save the outputs as the expected ones; review the diff
#
# A case is a script that runs in a new, empty folder with gguf-dq on its path. NAME.stdout,
# NAME.stderr and NAME.exit hold the expected output and exit status of NAME.sh; a missing file means
# no output, or status 0. NAME.stderr.glob, used instead of NAME.stderr, holds a shell pattern for each
# line. A case that cannot run on this machine exits with 77 and counts as skipped. The second line of
# a script can hold properties for meson: see find_cases.py.
#
# Environment: GGUF_DQ names the program, usually build/src/gguf-dq; GGUF_DQ_HOST (cases with the word
# `gpu`), INTRUDER (cases with the word `sandbox`) and LESSER (`unsanitized`) default to their places in
# the same build folder.
# GGUF_DQ_VALGRIND is a valgrind to run the program under. PYTHON is a Python with numpy.
# Cases get $DATA, $TESTS and $PYTHON; Python finds the modules of tests/lib/ and tests/cli/tools/.
set -u

update=false
if [ "${1-}" = --update ]; then
    update=true
    shift
fi

here=$(cd -- "$(dirname -- "$0")" && pwd) || exit 2
TESTS=$(dirname -- "$here")
DATA=$(dirname -- "$TESTS")/data
PYTHON=${PYTHON:-python3}
PYTHONPATH=$TESTS/lib:$TESTS/cli/tools${PYTHONPATH:+:$PYTHONPATH}
export TESTS DATA PYTHON PYTHONPATH
: "${GGUF_DQ:?names the program}"

build=${GGUF_DQ%/src/gguf-dq}
GGUF_DQ_HOST=${GGUF_DQ_HOST:-$build/tests/gpu/gguf-dq-host}
INTRUDER=${INTRUDER:-$(realpath "$build")/tests/cli/libintruder.so}
LESSER=${LESSER:-$(realpath "$build")/tests/lib/liblesser.so}
LD_LIBRARY_PATH=${INTRUDER%/*}:${LESSER%/*}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
# LD_PRELOAD, which names them, would take a blank in their path for its end.
INTRUDER=${INTRUDER##*/}
LESSER=${LESSER##*/}
export INTRUDER LESSER LD_LIBRARY_PATH

# The outer environment must not affect what the program prints.
unset GGUF_DQ_MODEL GGUF_DQ_AUTO_MIN GGUF_DQ_HSACO ROCM_PATH NO_COLOR CDPATH
unset DQ_HOST_ABSENT DQ_HOST_DEVICES DQ_HOST_FAIL DQ_HOST_MEMORY DQ_HOST_WRONG
unset DQ_AMD_TARGET DQ_AMD_FAIL DQ_AMD_MEMORY DQ_AMD_REPORT DQ_AMD_LEAKS DQ_AMD_ROCM
LC_ALL=C
PYTHONDONTWRITEBYTECODE=1
TERM=dumb
export LC_ALL PYTHONDONTWRITEBYTECODE TERM

scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir "$scratch/bin" || exit 2
PATH=$scratch/bin:$PATH
export PATH

# use_program CASE: puts the program that the case runs on its path, as gguf-dq.
use_program() {
    program=$GGUF_DQ
    ! sed -n 2p "$1" | grep -q '^# meson:.* gpu\( \|$\)' || program=$GGUF_DQ_HOST
    program=$(realpath -- "$program") || exit 2
    if [ -z "${GGUF_DQ_VALGRIND-}" ]; then
        ln -sf "$program" "$scratch/bin/gguf-dq" || exit 2
        return
    fi
    valgrind_log=$scratch/valgrind.%p
    export program valgrind_log
    cat >"$scratch/bin/gguf-dq" <<'EOF' || exit 2
#!/bin/sh
exec $GGUF_DQ_VALGRIND -q --error-exitcode=99 --leak-check=full --log-file="$valgrind_log" \
    "$program" "$@"
EOF
    chmod +x "$scratch/bin/gguf-dq" || exit 2
}

# matches LINES PATTERNS: whether each line matches the pattern of the same number.
matches() {
    [ "$(wc -l <"$1")" -eq "$(wc -l <"$2")" ] || return 1
    while IFS= read -r pattern && IFS= read -r line <&3; do
        # shellcheck disable=SC2254 # a pattern is what it is
        case $line in
        $pattern) ;;
        *) return 1 ;;
        esac
    done 3<"$1" <"$2"
}

# compare WHAT EXPECTED GOT: shows the difference; a missing file counts as empty.
compare() {
    expected=$2
    [ -e "$expected" ] || expected=/dev/null
    cmp -s "$expected" "$3" && return
    echo "$1 differs:"
    diff -u "$expected" "$3"
    failed=true
}

# save GOT EXPECTED: replaces the expected file; no file means no output.
save() {
    if [ -s "$1" ]; then
        cp "$1" "$2"
    else
        rm -f "$2"
    fi
}

# With -v the program reports which sandbox the kernel and the build have. Removes that line.
remove_sandbox_note() {
    grep -Ev '^gguf-dq: (fully|partly|not) in a sandbox: ' "$scratch/stderr" >"$scratch/stderr.rest"
    mv "$scratch/stderr.rest" "$scratch/stderr"
}

# Shows what valgrind reports about the program, which starts with ==; messages about itself do not.
show_valgrind() {
    cat "$scratch"/valgrind.* 2>/dev/null | grep '^==' && failed=true
    rm -f "$scratch"/valgrind.*
}

check() {
    compare stdout "$base.stdout" "$scratch/stdout"
    compare 'exit status' "$base.exit" "$scratch/exit"
    if [ ! -e "$base.stderr.glob" ]; then
        compare stderr "$base.stderr" "$scratch/stderr"
    elif ! matches "$scratch/stderr" "$base.stderr.glob"; then
        echo 'stderr does not match:'
        diff -u "$base.stderr.glob" "$scratch/stderr"
        failed=true
    fi
}

save_all() {
    save "$scratch/stdout" "$base.stdout"
    save "$scratch/exit" "$base.exit"
    if [ ! -e "$base.stderr.glob" ]; then
        save "$scratch/stderr" "$base.stderr"
    elif ! matches "$scratch/stderr" "$base.stderr.glob"; then
        echo "$base.stderr.glob has to be changed by hand; stderr is:"
        cat "$scratch/stderr"
        failed=true
    fi
}

failed=false
skipped=false
for case in "$@"; do
    case=$(cd -- "$(dirname -- "$case")" && pwd)/$(basename -- "$case")
    base=${case%.sh}
    use_program "$case"
    mkdir "$scratch/work" || exit 2
    (cd "$scratch/work" && exec sh "$case") <"/dev/null" >"$scratch/stdout" 2>"$scratch/stderr"
    status=$?
    if [ "$status" -eq 0 ]; then
        : >"$scratch/exit"
    else
        echo "$status" >"$scratch/exit"
    fi
    remove_sandbox_note
    show_valgrind
    [ "$#" -eq 1 ] || echo "== $(basename -- "$base")"
    if [ "$status" -eq 77 ]; then
        echo skipped
        skipped=true
    elif $update; then
        save_all
    else
        check
    fi
    rm -rf "$scratch/work"
done
! $failed || exit 1
! $skipped || exit 77
