#!/bin/sh
# meson: valgrind threads
# An .npz is what numpy.savez writes, byte for byte, with any names and shapes, in a file and in a pipe.
"$PYTHON" - <<'END'
import gguf_writer, struct
tensors = [('scalar', 'f32', [], struct.pack('<f', 1.5)),
           ('one', 'i8', [1], b'\x07'),
           ('empty', 'f32', [0], b''),
           ('empty rows', 'f16', [3, 0], b''),
           ('Ä/b c "d"', 'f64', [2], struct.pack('<2d', 1, -2)),
           ('', 'i64', [1, 1, 1, 2], struct.pack('<2q', 3, -4)),
           ('x.npy', 'q4_0', [32, 300], bytes(range(180)) * 30),
           ('x' * 200, 'i16', [5], bytes(10))]
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model([], tensors))
END
cat >compare.py <<'END'
import io, json, newer_zipfile, numpy, sys
with open('arrays.json') as f:
    arrays = {o['tensor'] + (o['slice'] or ''): numpy.load(o['path']) for o in json.load(f)['outputs']}
class Pipe(io.RawIOBase):
    data = b''
    def writable(self):
        return True
    def write(self, data):
        self.data += bytes(data)
        return len(data)
pipe = Pipe()
numpy.savez('wanted.npz', **arrays)
numpy.savez(pipe, **arrays)
with open('wanted.npz', 'rb') as a, open(sys.argv[1], 'rb') as b, open(sys.argv[2], 'rb') as c:
    print(a.read() == b.read(), pipe.data == c.read())
with numpy.load(sys.argv[1]) as z:
    print(len(z.files), z.zip.testzip())
END
compare() { # compare MODEL ARGUMENT...
    gguf-dq extract -q --force -o arrays --manifest arrays.json "$@"
    gguf-dq extract -q --force -o all.npz -j 4 "$@"
    gguf-dq extract -q -f npz -o - -j 4 "$@" >pipe.npz
    "$PYTHON" compare.py all.npz pipe.npz
}
# A file name is not the name of an array, so the long one cannot be compared with .npy files.
compare m.gguf scalar one empty 'empty rows' 'Ä*' x.npy
compare m.gguf 'x.npy[3:5]' 'x.npy[::-1, 32:]' scalar
compare m.gguf -d f16 one scalar x.npy
compare m.gguf -d native x.npy one
compare "$DATA/sample.gguf"
gguf-dq extract -q -o long.npz m.gguf
"$PYTHON" -c 'import numpy
z = numpy.load("long.npz")
print(len(z.files), max(map(len, z.files)), z[""].tolist())'
gguf-dq extract -f npz m.gguf one scalar
gguf-dq extract -f npz -o m/sub/ m.gguf one scalar
gguf-dq extract -f npz -o - m.gguf -n one x.npy
ls m m/sub
