#!/bin/sh
# What ggml's reader refuses and this program accepts is at least noted. The long files are sparse.
"$PYTHON" - <<'END'
import struct
from gguf_writer import ARRAY, STRING, key_value, pad, string

LONGEST = 1 << 30


def write(name, pairs, infos=(), size=0, data=b''):
    head = b'GGUF' + struct.pack('<IQQ', 3, len(infos), 1 + len(pairs))
    head += key_value('general.architecture', 'str', 'llama') + b''.join(pairs) + b''.join(infos)
    with open(name, 'wb') as f:
        f.write(head + (pad(len(head)) + data if data else b''))
        if size:
            f.truncate(f.tell() + size)


def info(name, dims, offset):
    return string(name) + struct.pack(f'<I{len(dims)}QIQ', len(dims), *dims, 0, offset)


def long_string(length):  # its first byte is no character, so that the rest need not be looked at
    return string('s') + struct.pack('<IQ', STRING, length) + b'\xff'


def long_array(length):
    return string('a') + struct.pack('<IIQ', ARRAY, 0, length)


for more in 0, 1:
    write(f'string-{more}', [long_string(LONGEST + more)], size=LONGEST + more - 1)
    write(f'array-{more}', [long_array(LONGEST + more)], size=LONGEST + more)
write('nested', [key_value('a.b', '[[u8]]', []), key_value('a.c', '[[str]]', [['x'], ['y']])])
zeros = bytes(32)
write('empty-right', [], [info('e', [0], 0), info('t', [8], 0), info('f', [4, 0], 32)], data=zeros)
write('empty-first', [], [info('e', [0], 32), info('t', [8], 0)], data=zeros)
write('empty-last', [], [info('t', [8], 0), info('e', [0], 0)], data=zeros)
write('empty-alone', [], [info('e', [0], 0)])
END
for file in string-0 string-1 array-0 array-1 nested empty-right empty-first empty-last empty-alone; do
    gguf-dq check "$file" || echo "exit status $?"
    rm "$file"
done
