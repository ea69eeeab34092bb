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
