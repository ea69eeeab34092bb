#!/bin/sh
# Two runs with --skip-existing at the same time: each keeps what the other has written.
"$PYTHON" "$TESTS/lib/make_big.py" many.gguf --tensors 2000
gguf-dq extract -q many.gguf -o due
# The first run's report fills the pipe; it continues after the second run has written everything.
{ gguf-dq extract -q --skip-existing --jsonl many.gguf -o out; echo "first: exit $?" >&2; } | {
    dd bs=1 count=1 2>"/dev/null" >first
    gguf-dq extract -q --skip-existing many.gguf -o out
    echo "second: exit $?" >&2
    cat >rest
}
cat first rest >reports
"$PYTHON" - <<'END'
import json
with open('reports') as f:
    statuses = [json.loads(line)['status'] for line in f]
print(len(statuses), sorted(set(statuses)))
END
diff -r due out
# Both at the same time, in any order.
for n in 1 2 3 4; do
    { gguf-dq extract -q --skip-existing many.gguf -o at-once; echo "$?" >"status$n"; } &
done
wait
cat status?
diff -r due at-once
