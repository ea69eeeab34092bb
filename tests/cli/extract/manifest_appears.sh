#!/bin/sh
# A manifest that another process creates during the run is kept, unless it may be replaced.
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 16M
# The first byte arrives after all checks, and the last ones block until they are read.
try() {
    rm -f m.json
    { gguf-dq extract -o - "$@" big.gguf; echo "exit $?" >&2; } | {
        dd bs=1 count=1 2>"/dev/null" >first
        echo mine >m.json
        cat >rest
    }
    cut -c 1-4 m.json | head -n 1
}
try --manifest m.json
try --manifest m.json --force
