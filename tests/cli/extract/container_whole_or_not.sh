#!/bin/sh
# A set appears as a whole or not at all, whatever ends the run.
"$PYTHON" "$TESTS/lib/make_model.py" m.gguf a:f32:30000 b:f32:30000 c:f32:30000 d:f32:30000
try() {
    gguf-dq "$@"
    echo "exit $?"
}
mkdir out
for name in x.npz x.safetensors x.gguf; do
    (
        trap '' XFSZ
        # shellcheck disable=SC3045 # dash has it as well
        ulimit -f 100
        try extract -q -o out/$name m.gguf
    )
done
"$PYTHON" - <<'END'
import gguf_writer, struct
with open('large.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [('a.weight', 'f32', [2, 1], struct.pack('<2f', 1, 2)),
                                   ('b.weight', 'f32', [2, 1], struct.pack('<2f', 1e6, 2)),
                                   ('c.weight', 'f32', [2, 1], struct.pack('<2f', 1, -1e6))]))
END
for name in x.npz x.safetensors x.gguf; do
    try extract -q -d f16 --strict -o out/$name large.gguf
done
try extract -d f16 --strict --max-shard 4 -o out/x.safetensors large.gguf
ls -A out
try extract -d f16 --max-shard 4 -o out/x.safetensors --json large.gguf | grep -c '"overflows": 1'
# Of several runs at once, one writes the set; with --skip-existing, none of them minds.
for n in 1 2 3 4; do
    { gguf-dq extract -q -f safetensors -o race/ --max-shard 130KB m.gguf 2>"words$n"; echo "exit $?" >"status$n"; } &
done
wait
sort status?
for n in 1 2 3 4; do
    { gguf-dq extract -q --skip-existing -f safetensors -o again/ --max-shard 130KB m.gguf; echo "exit $?" >"status$n"; } &
done
wait
sort status?
diff -r race again && ls -A race
mkdir signal
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 600M --type q8_0 --count 3
"$PYTHON" "$TESTS/cli/tools/interrupt.py" TERM gguf-dq extract --no-sandbox -q -o signal/x.safetensors --max-shard 1GB big.gguf
ls -A signal
