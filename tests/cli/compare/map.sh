#!/bin/sh
# meson: valgrind
# --map: names of the reference, and what is wrong with a file of them.
"$PYTHON" - <<'END'
import struct

import gguf_writer

def save(path, **rows):
    with open(path, 'wb') as f:
        f.write(gguf_writer.model([], [(name.replace('_', '\x1b'), 'f32', [2], struct.pack('<2f', *row))
                                       for name, row in rows.items()]))

save('r.gguf', a=(1, 2), b=(3, 4), old=(5, 6), c_=(7, 8))
save('m.gguf', a=(3, 4), new=(5, 6), b=(1, 2), d_=(7, 8))
END
printf 'a\tb\r\n\nb\ta\nnew\told\nd\\x1b\tc\\x1b' >map
gguf-dq compare --equal --map map r.gguf m.gguf
echo "$?"
printf 'new\ta\n' >map
gguf-dq compare --map map --columns name,reference_name,nmse r.gguf m.gguf
gguf-dq compare --map map --jsonl --columns name,reference_name,slice,nmse,max_at r.gguf m.gguf 'new[1:]'
gguf-dq compare --map map r.gguf m.gguf a
echo "$?"
gguf-dq extract -q -o r.safetensors r.gguf
gguf-dq compare --map map --columns name,reference_name,nmse r.safetensors m.gguf 'new*'
try()
{
    # shellcheck disable=SC2059
    printf "$1" >map
    gguf-dq compare --map map r.gguf m.gguf
    echo "$?" >&2
}
{
    try 'a\tb\nolt\told\n'
    try 'a\tb\nnew\told2\n'
    try '\n\na\tb\n\na\told\n'
    try 'a\tb\nnew\tb\n'
    try 'a b\n'
    try 'a\tb\tb\n'
    try '\tb\n'
    try 'a\0\tb\n'
    gguf-dq compare --map /dev/zero r.gguf m.gguf
    gguf-dq compare --map missing r.gguf m.gguf
    gguf-dq compare --map . r.gguf m.gguf
    gguf-dq extract -q -o x.npy r.gguf a
    gguf-dq compare --map map x.npy m.gguf a
    gguf-dq compare --map map --layout hf r.gguf m.gguf
    gguf-dq compare --map= r.gguf m.gguf
} 2>&1 | grep -v '^Try'
