#!/bin/sh
# list --layout hf shows what becomes of each tensor: as text, as JSON, as lines, and as names.
cp "$DATA/sample.gguf" .
cp -r "$DATA/hf/qwen35" "$DATA/hf/deepseek2" .
gguf-dq list --layout hf sample.gguf
gguf-dq list --layout hf --hf-config qwen35 qwen35/model-q4_k.gguf
gguf-dq list --layout hf --json deepseek2/model-q4_k.gguf
gguf-dq list --layout hf --jsonl sample.gguf 'blk.0.ffn_*' rope_freqs position_ids
gguf-dq list --layout hf --names sample.gguf 'blk.0.*'
gguf-dq list --layout GGUF --names sample.gguf output
echo '# names of many letters and bytes are shown whole, or cut between letters'
"$PYTHON" - <<'PYTHON'
import gguf_writer
with open('letters.gguf', 'wb') as file:
    file.write(gguf_writer.model([('general.architecture', 'str', 'llama')],
                                 [(name, 'f32', [1], bytes(4))
                                  for name in ['output.weight', 'äöü', 'x' + 40 * 'ä', 'x' + 509 * 'ä']]))
PYTHON
gguf-dq list --layout hf letters.gguf | "$PYTHON" -c 'import sys
for line in sys.stdin.buffer:
    words = line.decode().split()
    print(*(f"{len(word)} letters" if len(word) > 40 else word for word in words[:3]))'
