#!/bin/sh
# Usage: full_disk.sh PROGRAM TESTS PYTHON
#
# Arrays that do not fit on a small disk, which fills up: a one-line message, exit 6, no partial
# files; what fits is complete. Mounts the disk in a name space of its own.
LC_ALL=C
export LC_ALL
program=$(readlink -f "$1")
tests=$2
python=$3
if [ "${4-}" != inside ]; then
    unshare -rm true 2>"/dev/null" || {
        echo 'this system does not allow name spaces'
        exit 77
    }
    exec unshare -rm "$0" "$program" "$tests" "$python" inside
fi

scratch=$(mktemp -d) || exit 2
mount -t tmpfs -o size=1m none "$scratch" || exit 2
cd "$scratch" || exit 2
large=$(mktemp) || exit 2
both=$(mktemp) || exit 2
trap 'cd /; umount "$scratch"; rm -rf "$scratch" "$large" "$both"' EXIT
"$python" "$tests/lib/make_model.py" "$large" small:f32:8x1024 large:q8_0:1024x1024
"$python" "$tests/lib/make_model.py" "$both" large:q8_0:1024x1024 other:q8_0:1024x1024

wrong=0
expect() { # expect WHAT GOT WANTED
    [ "$2" = "$3" ] && return
    echo "$1: '$2', not '$3'"
    wrong=1
}

# try STATUS MESSAGE FILES COMMAND...: checks the exit status, the message and the files left
try() {
    status=$1
    words=$2
    files=$3
    shift 3
    "$program" "$@" >out.log 2>"/dev/shm/said.$$"
    expect "$* exit" $? "$status"
    expect "$* says" "$(cat "/dev/shm/said.$$")" "$words"
    rm -f out.log "/dev/shm/said.$$"
    expect "$* leaves" "$(find . -type f | sort | tr '\n' ' ')" "$files"
    rm -rf ./* ./.gguf*
}

no_space='No space left on device'
for more in '' --fsync; do
    # shellcheck disable=SC2086 # nothing is no argument
    try 0 '' './o/small.npy ' extract -q $more -o o/ "$large" small
    # shellcheck disable=SC2086
    try 6 "gguf-dq: o/large.npy: write: $no_space" '' extract -q $more -j2 -o o/ "$large" large
    # shellcheck disable=SC2086
    try 6 "gguf-dq: x.raw: write: $no_space" '' extract -q $more -d f16 -o x.raw "$large" large
    # Files that were complete before stay.
    # shellcheck disable=SC2086
    try 6 "gguf-dq: o/large.npy: write: $no_space" './o/small.npy ' extract -q $more -j1 -o o/ \
        --manifest m.json "$large"
    # Of several files that are written at once, the first one that failed is named, and none is left.
    # shellcheck disable=SC2086
    try 6 "gguf-dq: o/large.npy: write: $no_space" '' extract -q $more -j3 -o o/ "$both"
done
try 6 "gguf-dq: standard output: write: $no_space" '' extract -f raw -o - "$large"

# Full to the last byte: no room even for a manifest or a folder.
fill() {
    dd if=/dev/zero of=filler bs=4096 2>"/dev/null"
    dd if=/dev/zero of=filler bs=1 oflag=append conv=notrunc count=4096 2>"/dev/null"
}
fill
try 6 "gguf-dq: standard output: write: $no_space" './filler ' list "$large"
fill
try 6 "gguf-dq: standard output: write: $no_space" './filler ' list --json "$large"
fill
try 6 "gguf-dq: m.json: write: $no_space" './filler ' extract -q --manifest m.json "$large" \
    -o /dev/null -f raw small
exit "$wrong"
