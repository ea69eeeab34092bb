#!/bin/sh
# What a container cannot hold is refused before anything is written; --keep-going leaves it out.
"$PYTHON" - <<'END'
import gguf_writer
def write(path, *names, dims=(1,)):
    with open(path, 'wb') as f:
        f.write(gguf_writer.model([], [(n, 'f32', list(dims), bytes(4) * (dims[0] if dims else 1))
                                       for n in names]))
write('names.gguf', b'good', b'n' * 63, b'n' * 64, b'a\x00b', b'\xff', b'__metadata__', b'/etc/x', b'a/../b', b'..', b'a..b/c')
write('empty.gguf', b'empty', dims=(0,))
write('dims.gguf', b'x', dims=(1, 1, 1, 1, 1))
write('twins.gguf', b'x[0]', b'x')
END
try() {
    gguf-dq "$@"
    echo "exit $?"
}
for format in npz safetensors gguf; do
    try extract -o out.$format names.gguf
    try extract -q --keep-going -o out.$format names.gguf 2>words
    wc -l <words
done
"$PYTHON" -c 'import numpy
print(numpy.load("out.npz").files)'
gguf-dq list --names out.gguf
try extract -o empty.npz empty.gguf
try extract -o copy.gguf empty.gguf
try extract -o five.gguf dims.gguf
try extract -q -o five.gguf dims.gguf 'x[0]'
gguf-dq list five.gguf
try extract -o twins.npz twins.gguf 'x[0]' -t 'x[0:1]' -t '*[0]'
cp "$DATA/gguf/bad/type_unknown_100.gguf" .
try extract -d native -o unknown.gguf type_unknown_100.gguf
try extract -d bf16 -o x.npz names.gguf good
try extract -d bf16 -f npz names.gguf good
try extract --max-shard 1MB names.gguf good
try extract --max-shard 1MB -f safetensors -o - names.gguf good
try extract --max-shard 0 -f safetensors names.gguf good
try extract --max-shard many -f safetensors names.gguf good
try extract -o x.pt names.gguf good
(
    # shellcheck disable=SC3045 # dash has it as well
    ulimit -n 64
    "$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensors 100
    try extract -q -o big.safetensors --max-shard 1 big.gguf
)
ls -A
echo '# --help lists the same containers as messages do'
in_help() {
    list=$(gguf-dq extract "$@" 2>&1 | sed -n 's/.*\(must be\|needs --format\) //p')
    echo "$list: $(gguf-dq extract --help | grep -c "^  .*  [a-z ]*$list")"
}
in_help --format x
in_help --format npy --max-shard 1G
