#!/bin/sh
# A model that is not there, cannot be opened or is no file.
try() {
    gguf-dq "$@"
    echo "exit $?"
}
mkfifo fifo
try list gone.gguf
try list ./gone
try list fifo
try list /dev/null
try list /dev/zero
try extract -o - gone.gguf
