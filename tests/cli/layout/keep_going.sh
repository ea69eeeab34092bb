#!/bin/sh
# --layout hf -k: a tensor without a rule is left out of the container, and the reports say so. Weights
# that overflow are counted; with --strict, nothing is written or copied.
export PYTHONPATH="$TESTS/lib"
"$PYTHON" - <<'END'
import struct

import gguf_writer

with open('m.gguf', 'wb') as file:
    file.write(gguf_writer.model(
        [('general.architecture', 'str', 'llama'), ('llama.attention.head_count', 'u32', 1)],
        [('token_embd.weight', 'f32', [4, 2], struct.pack('<8f', 1e5, 1, 2, -1e6, float('inf'), 0, 0, 0)),
         ('blk.0.weird.weight', 'f32', [4], bytes(16)),
         ('blk.0.attn_q.weight', 'f32', [4, 2], struct.pack('<8f', 0, 1, 2, 3, 4, 5, 6, 1e9))]))
END
mkdir hf
echo '{"architectures": ["LlamaForCausalLM"]}' >hf/config.json
hf() { gguf-dq extract --layout hf --hf-config hf -f safetensors -d f16 "$@"; }
hf -o out/ m.gguf
echo "exit $?"
hf --strict -k -o out/ m.gguf
echo "exit $?"
ls -A out
hf -k -o out/ --manifest m.json m.gguf
echo "exit $?"
ls out
grep -o '"tensor": "[^"]*"\|"status": "[^"]*"\|"dtype": "[^"]*"\|"overflows": [0-9]*' m.json
echo '# also without --dtype, and on standard output'
gguf-dq extract -k --layout hf -n --json -o other/ m.gguf | grep -o '"status": "[^"]*"\|"dtype": "[^"]*"'
gguf-dq extract -k --layout hf -n --jsonl -o other/ m.gguf | grep -o '"status": "[^"]*"'
