#!/bin/sh
# meson: valgrind
# --json prints one object with the same contents as the table.
cp "$DATA/sample.gguf" .
gguf-dq list --json sample.gguf 'output*' rope_freqs
gguf-dq list --json --meta sample.gguf >all.json
gguf-dq list --names sample.gguf >names
"$PYTHON" - <<'EOF'
import json
with open('all.json') as f:
    model = json.load(f)
with open('names') as f:
    print([t['name'] for t in model['tensors']] == f.read().splitlines())
meta = model['metadata']
print(list(model), len(meta))
for key in ('general.architecture', 'general.tags', 'llama.attention.causal',
            'llama.attention.layer_norm_rms_epsilon', 'llama.rope.freq_base',
            'general.parameter_count', 'tokenizer.ggml.merges'):
    print(key, meta[key])
tokens = meta['tokenizer.ggml.tokens']['value']
print(len(tokens), ascii(tokens[53:61]))
EOF
