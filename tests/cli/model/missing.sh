#!/bin/sh
# A model that does not exist, cannot be opened or is not a file.
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
