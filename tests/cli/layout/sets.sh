#!/bin/sh
# --layout hf into containers: shards and their index have Hugging Face names, files of the model are
# copied and listed, --skip-existing finishes a set, and what cannot be laid out is left out with -k.
cp "$DATA/hf/deepseek2/model-q4_k.gguf" m.gguf
mkdir hf
cp "$DATA/hf/deepseek2/config.json" hf
echo '{}' >hf/tokenizer.json
hf() { gguf-dq extract --layout hf -f safetensors -d bf16 "$@" m.gguf; }
echo '# shards'
hf --hf-config hf --max-shard 30K -o out/ --manifest m.json
cat out/model.safetensors.index.json
"$PYTHON" - <<'END'
import json
import os

manifest = json.load(open('m.json'))
index = json.load(open('out/model.safetensors.index.json'))
found = {}
for shard in sorted(set(index['weight_map'].values())):
    with open('out/' + shard, 'rb') as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), 'little')))
    assert header.pop('__metadata__') == {'format': 'pt'}
    found.update({name: shard for name in header})
assert found == index['weight_map']
assert found == {o['name']: os.path.basename(o['path']) for o in manifest['outputs']}
assert index['metadata']['total_size'] == sum(o['bytes'] for o in manifest['outputs'])
for copy in manifest['copies']:
    print(copy)
END
echo '# the same numbers as in one file, and on standard output'
hf -q -o one.safetensors
hf -q -o - | cmp - one.safetensors
"$PYTHON" - <<'END'
import json


def data(path):
    with open(path, 'rb') as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), 'little')))
        numbers = file.read()
    header.pop('__metadata__')
    return {name: numbers[slice(*a['data_offsets'])] for name, a in header.items()}


shards = set(json.load(open('out/model.safetensors.index.json'))['weight_map'].values())
one = data('one.safetensors')
assert one == {name: n for s in shards for name, n in data('out/' + s).items()}
print(len(one))
END
echo '# an interrupted set is finished'
cat out/* | cksum
rm out/model-00002-of-* out/config.json
hf --hf-config hf --max-shard 30K -o out/ --skip-existing
cat out/* | cksum
echo '# other shards are not the same set'
hf -d f32 --max-shard 30K -o out/ --skip-existing
echo "exit $?"
hf --hf-config hf --max-shard 30K -o out/
echo "exit $?"
echo '# a file that would be loaded instead of the shards'
mv one.safetensors out/model.safetensors
rm out/*-*
hf --hf-config hf --max-shard 30K -o out/ --force
echo "exit $?"
echo '# nothing is copied beside a file'
hf --hf-config hf -o file.safetensors
ls
echo '# dry run'
hf --hf-config hf --max-shard 60K -o dry/ -n
hf --hf-config hf -o dry/ -n --json | tail -n 7
[ -e dry ] || echo "no directory"
