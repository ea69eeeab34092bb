#!/bin/sh
# References in other formats: safetensors, alone and in sets, with names of GGUF or of Hugging Face, and npy. Those of
# the first part are written by Python, bit by bit.
"$PYTHON" - <<'END'
import json
import struct

import gguf_writer
import numpy

x = numpy.array([[1.5, -0.25, 3], [0.125, 7, -2]], '<f4')
types = {'F32': x, 'F16': x.astype('<f2'), 'F64': x.astype('<f8'), 'I16': x.astype('<i2'),
         'BF16': (x.view('<u4') >> 16).astype('<u2')}
with open('m.gguf', 'wb') as f:
    f.write(gguf_writer.model([], [(f't.{name}', 'f32', [3, 2], (x.astype('<i2') if name == 'I16' else x).astype('<f4').tobytes())
                                   for name in (*types, 'F8')]))

def save(path, arrays):
    header, end = {'__metadata__': {'format': 'pt'}}, 0
    for name, (dtype, array) in arrays.items():
        header[name] = {'dtype': dtype, 'shape': list(array.shape), 'data_offsets': [end, end + array.nbytes]}
        end += array.nbytes
    text = json.dumps(header).encode()
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text + b''.join(array.tobytes() for _, array in arrays.values()))

arrays = {f't.{dtype}': (dtype, array) for dtype, array in types.items()}
arrays['t.F8'] = 'F8_E4M3', numpy.zeros((2, 3), 'u1')
arrays['t.x'] = 'F16', numpy.zeros((0, 3), '<f2')
save('all.safetensors', arrays)
names = sorted(arrays)
for i, part in enumerate((names[::2], names[1::2])):
    save(f'part-{i}.safetensors', {name: arrays[name] for name in part})
with open('model.safetensors.index.json', 'w') as f:
    json.dump({'weight_map': {name: f'part-{i % 2}.safetensors' for i, name in enumerate(names)}}, f)
numpy.save('x.npy', types['F64'])
numpy.save('row.npy', x[1:, ::-2])
END
gguf-dq compare all.safetensors m.gguf
echo "$?"
gguf-dq compare --equal . m.gguf -x 't.F8'
gguf-dq compare --equal model.safetensors.index.json m.gguf t.BF16
cp all.safetensors blob
gguf-dq compare --equal blob m.gguf t.F16
gguf-dq compare --json x.npy m.gguf t.I16 | "$PYTHON" -c 'import json, struct, sys
row = json.load(sys.stdin)["tensors"][0]
at = row["max_at"]
stored = [struct.unpack_from(form, open(side["file"], "rb").read(), side["offset"])[0]
          for form, side in (("<d", at["reference"]), ("<f", at["model"]))]
print(row["max_abs"], at["indices"], stored, [at["reference"]["value"], at["model"]["value"]])'
gguf-dq compare --equal row.npy m.gguf 't.F32[1:, ::-2]'
gguf-dq compare row.npy m.gguf t.F32
echo "$?"
gguf-dq compare row.npy m.gguf
echo "$?"

# Whatever extract writes is what the model has.
for model in "$DATA"/hf/*/*.gguf; do
    folder=${model%/*}
    mkdir out
    gguf-dq extract -q -d f32 --layout hf --hf-config "$folder" -o out -f safetensors --max-shard 20K "$model"
    gguf-dq compare --equal --json out "$model" >expected
    "$PYTHON" -c 'import json, sys
report = json.load(open("expected"))
print(sys.argv[1], report["total"]["tensors"], report["total"]["equal"], len(report["unpaired"]), report["error"])' "${folder##*/}"
    gguf-dq compare --json -j1 --max-memory 6MiB out "$model" | cmp - expected
    rm -r out
done
gguf-dq extract -q --layout hf -o llama.safetensors "$DATA/hf/llama/model-q4_k.gguf"
cp "$DATA/hf/llama/model-q4_k.gguf" l.gguf
gguf-dq compare --jsonl llama.safetensors l.gguf blk.0.attn_k |
    "$PYTHON" -c 'import json, sys; row = json.load(sys.stdin); print(row["name"], row["reference_name"])'
gguf-dq compare --layout gguf llama.safetensors l.gguf
echo "$?"
gguf-dq compare --layout hf llama.safetensors l.gguf 'blk.0.attn_k.weight[1]'
echo "$?"

# Parts of arrays of Hugging Face are those of the array, not of the tensor, whose rows are in another order.
"$PYTHON" - <<'END'
import json
import struct

with open('llama.safetensors', 'r+b') as f:
    size, = struct.unpack('<Q', f.read(8))
    array = json.loads(f.read(size))['model.layers.0.self_attn.k_proj.weight']
    f.seek(8 + size + array['data_offsets'][0] + 4 * (5 * array['shape'][1] + 3))
    f.write(struct.pack('<f', 1))
END
gguf-dq compare -f csv --columns reference_name,shape,max_at,worst_row llama.safetensors l.gguf blk.0.attn_k
gguf-dq compare -f csv --by row --sort max_abs --top 1 --columns name,slice,shape,max_at llama.safetensors l.gguf blk.0.attn_k
gguf-dq compare -f csv --by block --sort max_abs --top 1 --columns name,slice,shape,max_at llama.safetensors l.gguf blk.0.attn_k
gguf-dq compare --by row --sort max_abs --top 2 llama.safetensors l.gguf blk.0.attn_k
