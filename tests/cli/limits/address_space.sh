#!/bin/sh
# meson: unsanitized
# As the address space shrinks, each command either works, with fewer threads if necessary, or fails
# as a whole with a one-line message.
cp "$DATA/sample.gguf" model.gguf
gguf-dq extract -q -j 1 -o whole/ model.gguf
"$PYTHON" "$TESTS/lib/make_big.py" many.gguf --tensors 20000
gguf-dq list many.gguf >list

# limited KIB ARG...: runs gguf-dq in a shell of its own, whose message about a crashed loader is dropped.
limited() {
    rm -rf arrays
    sh -c 'ulimit -v "$1" && shift && gguf-dq "$@" >out 2>err' sh "$@" 2>/dev/null
}

# sweep ARG...: runs a command with increasing limits until it succeeds. Just below, it has to fail with
# a message; with even less, the loader itself fails.
sweep() {
    refused=
    for kib in $(seq 3000 750 200000); do
        limited "$kib" "$@"
        status=$?
        case $status in
        0) break ;;
        8)
            refused=yes
            [ "$(cat err)" = 'gguf-dq: out of memory' ] || cat err
            [ -z "$(ls -A arrays 2>/dev/null)" ] || ls -A arrays
            ;;
        *) [ -z "$refused" ] || echo "$kib KiB: $status" ;;
        esac
    done
    [ -z "$refused" ] || echo "$1: refused"
    [ "$status" -ne 0 ] || echo "$1: done"
}

# on_more ARG...: with more than one thread needs, -j 64 runs as many threads as fit.
on_more() {
    for more in 3000 5000 11000 17000 29000 43000 71000 103000; do
        limited $((kib + more)) "$@" -j 64 || echo "$1: $((kib + more)) KiB: $?"
    done
}

sweep extract -q -j 1 -o arrays/ model.gguf
diff -r whole arrays
on_more extract -q -o arrays/ model.gguf
diff -r whole arrays
sweep verify -q -j 1 --device cpu model.gguf
on_more verify -q --device cpu model.gguf
sweep list many.gguf
cmp out list
