#!/bin/sh
# meson: gpu threads timeout=300
# --device cpu compares the CPU levels with the baseline.
# shellcheck source=/dev/null
. "$TESTS/lib/totals.sh"
cp "$DATA/sample.gguf" m.gguf
levels=$(gguf-dq devices --jsonl | sed -n 's/.*"cpu \([a-z0-9]*\)", "usable": true.*/\1/p')
for level in $levels; do
    gguf-dq verify m.gguf 'blk.0.*' --device cpu --cpu "$level" >out
    status=$?
    sed -n "1s/$level/LEVEL/p; \$p" out
    gguf-dq verify --self-test --device cpu --cpu "$level" >out
    echo "$status $? $(tail -n 1 out | totals)"
done | sort | uniq -c | sed 's/^ *[1-9]/N/'
gguf-dq verify m.gguf --device cpu | sed '1s/v[34]\|neon\|baseline/LEVEL/' | sed -n '1p;$p'
gguf-dq verify m.gguf --device cpu --cpu v2 2>err
echo "$?"
for level in $levels; do # of this architecture
    grep -q "must be .*$level" err || echo "$level is not named"
done
sed 's/must be .*/must be LEVELS/' err
