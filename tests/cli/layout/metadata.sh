#!/bin/sh
# Arrays that come from the metadata: for each layer where the condition of their rule holds. One that
# cannot be made is left out with --keep-going, like a tensor.
"$PYTHON" - <<'END'
import gguf_writer

def write(name, *keys):
    pairs = [('general.architecture', 'str', 'apertus')]
    pairs += [(f'xielu.{key}', '[f32]', [1.5, 2.5]) for key in keys]
    with open(name, 'wb') as file:
        file.write(gguf_writer.model(pairs, [(tensor, 'f32', [2, 1], bytes(8)) for tensor in (
            'blk.0.ffn_up.weight', 'blk.1.attn_norm.weight')]))

write('m.gguf', 'alpha_n', 'alpha_p', 'beta', 'eps')
write('lacks.gguf', 'alpha_n', 'alpha_p', 'beta')
END
gguf-dq list --layout hf m.gguf
gguf-dq list --layout hf --names m.gguf '*ffn_up*'
gguf-dq list --layout hf lacks.gguf
gguf-dq extract --layout hf -o out/ lacks.gguf
echo "exit $?"
ls out 2>&1
gguf-dq extract -q -k --layout hf -f safetensors -o out/ --manifest m.json lacks.gguf
echo "exit $?"
gguf-dq extract -q -k --layout hf --json -n -o other/ lacks.gguf >n.json
"$PYTHON" -c 'import json
for path in "m.json", "n.json":
    for o in json.load(open(path))["outputs"]:
        print(o["tensor"], o["name"], o["shape"], o["status"], o["reason"])'
