#!/bin/sh
# meson: unsanitized
# With less and less address space, all is done, on fewer threads, or nothing, and one line says why.
cp "$DATA/sample.gguf" model.gguf
gguf-dq extract -q -j 1 -o whole/ model.gguf
"$PYTHON" "$TESTS/lib/make_big.py" many.gguf --tensors 20000
gguf-dq list many.gguf >list

# limited KIB WORD...: in a shell of its own, so that what it says of a loader that dies is left out.
limited() {
    rm -rf arrays
    sh -c 'ulimit -v "$1" && shift && gguf-dq "$@" >out 2>err' sh "$@" 2>/dev/null
}

# sweep WORD...: runs a command with more and more until it works; before, it is refused. Below that
# only the loader fails.
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

# on_more WORD...: with more than was enough for one thread, 64 are as many as fit.
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
