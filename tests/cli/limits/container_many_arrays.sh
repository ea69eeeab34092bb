#!/bin/sh
# meson: slow timeout=300
# 66,000 arrays in one file, more than ZIP counts without ZIP64, and in shards, in little memory.
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensors 66000
measure() {
    "$PYTHON" "$TESTS/cli/tools/measure.py" gguf-dq extract -q big.gguf "$@"
}
measure -o all.npz
measure -o all.npz --skip-existing
measure -o all.safetensors
measure -o all.gguf -d native
measure -f safetensors -o shards/ --max-shard 300KB
cmp all.gguf big.gguf
"$PYTHON" - <<'END'
import json, numpy, os, zipfile
wanted = numpy.arange(8, dtype='<f4') / 8
with zipfile.ZipFile('all.npz') as z: # numpy.load looks for each name in a list
    print(len(z.namelist()), all(z.read(name)[-32:] == (numpy.float32(n) + wanted).tobytes()
                                 for n, name in enumerate(z.namelist())))
print(numpy.load('all.npz')['blk.7000.ffn_up.weight'] * 8 % 8)
with open('all.safetensors', 'rb') as f:
    header = json.loads(f.read(int.from_bytes(f.read(8), 'little')))
    at = f.tell()
print(len(header), at + (len(header) - 1) * 32 == os.path.getsize('all.safetensors'))
print(len(os.listdir('shards')))
END
