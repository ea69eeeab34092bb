#!/bin/sh
# Runs command-line tests and compares what they print with what is written beside them.
#
# Usage: run_case.sh CASE.sh...             exit 1 if one differs
#        run_case.sh --update CASE.sh...    write down what they print; read the changes afterwards
#
# A case is a script that runs in a new folder with gguf-dq on its path. NAME.stdout, NAME.stderr
# and NAME.exit hold what it prints and its exit status; what is absent is empty, or 0.
# NAME.stderr.glob in the place of NAME.stderr holds a shell pattern for each line.
#
# GGUF_DQ: the program. GGUF_DQ_VALGRIND: if set, it runs under this valgrind. PYTHON: a Python with numpy. Cases get $DATA, $TESTS and $PYTHON.
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
export TESTS DATA PYTHON
: "${GGUF_DQ:?names the program}"

# Nothing of what is set outside may show in what the program prints.
unset GGUF_DQ_MODEL GGUF_DQ_AUTO_MIN GGUF_DQ_HSACO NO_COLOR CDPATH
unset DQ_HOST_DEVICES DQ_HOST_FAIL DQ_HOST_MEMORY DQ_HOST_WRONG
unset DQ_AMD_TARGET DQ_AMD_FAIL DQ_AMD_MEMORY DQ_AMD_REPORT DQ_AMD_LEAKS
LC_ALL=C
PYTHONDONTWRITEBYTECODE=1
TERM=dumb
export LC_ALL PYTHONDONTWRITEBYTECODE TERM

scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

program=$(cd -- "$(dirname -- "$GGUF_DQ")" && pwd)/$(basename -- "$GGUF_DQ") || exit 2
mkdir "$scratch/bin" || exit 2
if [ -n "${GGUF_DQ_VALGRIND-}" ]; then
    cat >"$scratch/bin/gguf-dq" <<EOF || exit 2
#!/bin/sh
exec $GGUF_DQ_VALGRIND -q --error-exitcode=99 --leak-check=full --log-file=$scratch/valgrind.%p \
    $program "\$@"
EOF
    chmod +x "$scratch/bin/gguf-dq" || exit 2
else
    ln -s "$program" "$scratch/bin/gguf-dq" || exit 2
fi
PATH=$scratch/bin:$PATH
export PATH

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

# compare WHAT EXPECTED GOT: shows the difference; an absent file is an empty one.
compare() {
    expected=$2
    [ -e "$expected" ] || expected=/dev/null
    cmp -s "$expected" "$3" && return
    echo "$1 differs:"
    diff -u "$expected" "$3"
    failed=true
}

# keep GOT EXPECTED: writes it down, or nothing if there is nothing.
keep() {
    if [ -s "$1" ]; then
        cp "$1" "$2"
    else
        rm -f "$2"
    fi
}

# Where the kernel or the build has no sandbox, -v says so.
take_sandbox_away() {
    grep -v '^gguf-dq: not in a sandbox: ' "$scratch/stderr" >"$scratch/stderr.rest"
    mv "$scratch/stderr.rest" "$scratch/stderr"
}

# What valgrind says of the program; about itself it says more.
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

write_down() {
    keep "$scratch/stdout" "$base.stdout"
    keep "$scratch/exit" "$base.exit"
    if [ ! -e "$base.stderr.glob" ]; then
        keep "$scratch/stderr" "$base.stderr"
    elif ! matches "$scratch/stderr" "$base.stderr.glob"; then
        echo "$base.stderr.glob is for you to change; stderr is:"
        cat "$scratch/stderr"
        failed=true
    fi
}

failed=false
for case in "$@"; do
    [ "$(basename -- "$case")" != run_case.sh ] || continue
    case=$(cd -- "$(dirname -- "$case")" && pwd)/$(basename -- "$case")
    base=${case%.sh}
    mkdir "$scratch/work" || exit 2
    (cd "$scratch/work" && exec sh "$case") <"/dev/null" >"$scratch/stdout" 2>"$scratch/stderr"
    status=$?
    if [ "$status" -eq 0 ]; then
        : >"$scratch/exit"
    else
        echo "$status" >"$scratch/exit"
    fi
    take_sandbox_away
    show_valgrind
    [ "$#" -eq 1 ] || echo "== $(basename -- "$base")"
    if $update; then
        write_down
    else
        check
    fi
    rm -rf "$scratch/work"
done
! $failed
