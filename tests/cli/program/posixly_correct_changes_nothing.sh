#!/bin/sh
# Options may follow operands, even with $POSIXLY_CORRECT.
cp "$DATA/sample.gguf" .
try() {
    gguf-dq "$@" >without 2>&1
    status=$?
    POSIXLY_CORRECT=1 gguf-dq "$@" >with 2>&1
    echo "exit $status, $?"
    cmp without with
}
try list sample.gguf --names
try list sample.gguf output -x '*bias' --names
try extract sample.gguf position_ids -n -f raw
try extract -n -f raw sample.gguf -t position_ids -x nothing
try list sample.gguf --frobnicate
try list -- sample.gguf --names
