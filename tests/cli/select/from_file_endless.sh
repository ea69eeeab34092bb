#!/bin/sh
# A file with no separator for longer than any name can be is an error, and is not read to the end.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
try() {
    gguf-dq list --names m.gguf "$@"
    echo "exit $?"
}
try -T /dev/zero
try -0 -T /dev/zero
yes '' | try -T -
echo a.weight >names
truncate -s 1T names
try -T names
# Just short enough, and one byte too long; empty lines do not count.
"$PYTHON" -c 'print("a.weight[" + " " * (65535 - 10) + "]")' >names
try -T names 2>&1 | cut -c 1-60
"$PYTHON" -c 'print("a.weight[" + " " * (65536 - 10) + "]")' >names
try -T names
"$PYTHON" -c 'print(("\n" * 40000 + "a.weight") * 4)' >names
try -T names
# Names count against --max-memory; how much depends on the build.
yes a.weight | try --max-memory 16M -T - 2>&1 | sed 's/least [0-9]*/least N/'
