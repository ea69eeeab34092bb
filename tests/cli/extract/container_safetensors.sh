#!/bin/sh
# meson: valgrind threads
# .safetensors are what save_file writes. The checksums of the sample model are those of its files
# (safetensors 0.8.0, tests/real/containers.sh); other names and shapes are compared with a writer in Python.
"$PYTHON" - <<'END'
import gguf_writer, struct
tensors = [('scalar', 'f32', [], struct.pack('<f', 1.5)),
           ('z', 'i8', [1], b'\x07'),
           ('empty', 'f32', [0], b''),
           ('\u00c4/b\\c "d"\n\x01\x7f', 'f64', [2], struct.pack('<2d', 1, -2)),
           ('', 'i64', [1, 1, 1, 2], struct.pack('<2q', 3, -4)),
           ('b', 'i32', [3, 2], bytes(24)),
           ('half', 'f16', [3], struct.pack('<3e', 1, 2, 3)),
           ('brain', 'bf16', [3], bytes(range(6))),
           ('aa', 'f32', [2], struct.pack('<2f', 1, 2)),
           ('a', 'q4_0', [32, 300], bytes(range(180)) * 30),
           ('x' * 200, 'i16', [5], bytes(10))]
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model([], tensors))
END
cat >compare.py <<'END'
import json, sys
ORDER = ['I64', 'F64', 'F32', 'I32', 'BF16', 'F16', 'I16', 'I8', 'U8']
path, manifest = sys.argv[1:]
with open(manifest) as f:
    outputs = json.load(f)['outputs']
with open(path, 'rb') as f:
    data = f.read()
def place(o):
    return ORDER.index(o['dtype'].upper()), o['name'].encode()
entries, at = {'__metadata__': {'format': 'pt'}}, 0
for o in sorted(outputs, key=place):
    entries[o['name']] = {'dtype': o['dtype'].upper(), 'shape': o['shape'],
                          'data_offsets': [at, at + o['bytes']]}
    at += o['bytes']
header = json.dumps(entries, ensure_ascii=False, separators=(',', ':')).encode()
header += b' ' * (-len(header) % 8)
header = len(header).to_bytes(8, 'little') + header
print(len(entries), data.startswith(header), len(data) == len(header) + at,
      all(o['offset'] == len(header) + entries[o['name']]['data_offsets'][0] for o in outputs))
END
compare() { # compare ARGUMENT...
    gguf-dq extract -q --force -j 4 -o all.safetensors --manifest all.json m.gguf "$@"
    gguf-dq extract -q -f safetensors -o - -j 4 m.gguf "$@" | cmp - all.safetensors
    "$PYTHON" compare.py all.safetensors all.json
}
compare
compare -d f16
compare -d bf16
compare -d native
compare 'a[5:7, 32:]' 'a[0]' scalar
# Integers and F64 keep their type; BF16 is a type of its own.
gguf-dq extract -q --force -d f16 -o all.safetensors --json m.gguf |
    sed -n 's/.*"type": \("[A-Z0-9_]*", "dtype": "[a-z0-9_]*"\).*/\1/p'
gguf-dq extract -q -d native -f raw -o - m.gguf brain a >stored
gguf-dq extract -q --force -d native -o two.safetensors m.gguf brain a
tail -c 5406 two.safetensors | cmp - stored
for dtype in f32 f16 bf16 native; do
    gguf-dq extract -q -d $dtype -f safetensors -o $dtype/ "$DATA/sample.gguf"
    (cd $dtype && sha256sum ./*)
done
