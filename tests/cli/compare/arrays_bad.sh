#!/bin/sh
# Headers of safetensors and npy files that are wrong, cut short, or made to do harm: a clear error for each.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
"$PYTHON" - <<'END'
import json
import resource
import struct
import subprocess

def run(path, data):
    with open(path, 'wb') as f:
        f.write(data)
    done = subprocess.run(['gguf-dq', 'compare', '--max-memory', '64MiB', path, 'm.gguf', 'a.weight'],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    print(done.returncode, done.stderr.decode().strip()[:200])

def save(header, data=bytes(8), length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    run('r.safetensors', struct.pack('<Q', len(text) if length is None else length) + text + data)

def array(begin, end, dtype='F32', shape=(2,)):
    return {'dtype': dtype, 'shape': list(shape), 'data_offsets': [begin, end]}

print('safetensors')
run('r.safetensors', b'')
run('r.safetensors', b'1234567')
save({}, length=1 << 63)
save({}, length=100000001)
save({}, length=11)
save({}, b'')
save(b'')
save(b'{')
save(b'[]')
save(b'{"a":1}')
save(b'{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "a": {}}')
save(b'{"a\\u0000b": 1}')
save(b'{"\xff": 1}')
save(b'{"a":' * 100000)
save(b'[' * 1000000)
save(b'{"a": {"dtype": "F32", "shape": [99999999999999999999], "data_offsets": [0, 8]}}')
save({'\x1b[31m': array(0, 9)})
save({'a': {'shape': [2], 'data_offsets': [0, 8]}})
save({'a': {'dtype': 'F32', 'data_offsets': [0, 8]}})
save({'a': {'dtype': 'F32', 'shape': [2]}})
save({'a': array(0, 8, shape=(-2,))})
save({'a': array(0, 8, shape=(2.0,))})
save({'a': array(0, 8, shape=(1,) * 9)})
save({'a': array(8, 0)})
save({'a': array(0, 16)})
save({'a': array(0, 8, shape=(3,))})
save({'a': array(0, 8, shape=(1 << 62, 1 << 62))})
save({'a': array(0, 8), 'b': array(0, 8)})
save({'a': array(0, 8), 'b': array(4, 8, shape=(1,))})
save({'a': array(0, 4, shape=(1,))})
save({'a': array(4, 8, shape=(1,))})
save({'a.weight': array(0, 8, dtype='F4')})
save({'a.weight': array(0, 8)})
save({'a.weight': array(0, 8, dtype='X' * 1000)})

print('index')
def index(map):
    run('model.safetensors.index.json', map if isinstance(map, bytes) else json.dumps(map).encode())
index(b'')
index({})
index({'weight_map': []})
index({'weight_map': {'a.weight': 5}})
index({'weight_map': {'a.weight': '../r.safetensors'}})
index({'weight_map': {'a.weight': 'm.gguf'}})
index({'weight_map': {'a.weight': 'missing.safetensors'}})
index({'weight_map': {'b.weight': 'r.safetensors'}})
index({'weight_map': {}})

print('npy')
def npy(text, version=1, data=bytes(8), length=None):
    text = text.encode()
    size = struct.pack('<H' if version == 1 else '<I', len(text) if length is None else length)
    run('r.npy', b'\x93NUMPY' + bytes([version, 0]) + size + text + data)
good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
run('r.npy', b'\x93NUMPY\x01\x00')
npy(good, version=0)
npy(good, version=4)
npy(good, length=5000)
npy(good, version=2, length=1 << 31)
npy('')
npy('[]')
npy('{')
npy("{'descr': '<f4'")
npy("{'descr': '<f4")
npy("{}")
npy("{'x': 1}")
npy(good.replace('False', 'True'))
npy(good.replace('<f4', '>f4'))
npy(good.replace('<f4', '|V2'))
npy(good.replace('<f4', '|O' * 40))
npy(good.replace("'<f4'", "[('a', '<f4')]"))
npy(good.replace('(2,)', '2'))
npy(good.replace('(2,)', '(-2,)'))
npy(good.replace('(2,)', '(2 2)'))
npy(good.replace('(2,)', '(99999999999999999999,)'))
npy(good.replace('(2,)', '(4294967296, 4294967296, 4294967296)'))
npy(good.replace('(2,)', '(1, 1, 1, 1, 1, 1, 1, 1, 2)'))
npy(good.replace('(2,)', '(3,)'))
npy(good, data=bytes(7))
npy(good, data=bytes(9))
npy(good)
END
