#!/bin/sh
# What one tensor cannot be does not end a run with --keep-going; what none can be does.
cp "$DATA/sample.gguf" "$DATA/hf/llama/model-q4_k.gguf" .
touch mark
try() {
    gguf-dq extract -k --manifest m.json "$@"
    echo "exit $?"
    find . -newer mark -type f | sort
    [ ! -e m.json ] || grep -o '"shape": [^a-z]*\|"status": "[^"]*"' m.json
    rm -rf m.json out
}
echo '# slices of stored blocks'
try -d native -o out/ sample.gguf 'output.weight[:,1:32]' output.bias
try -d native -o out/ -f gguf sample.gguf 'output.weight[:,1:32]' output.bias
cp "$DATA/gguf/bad/type_unknown_100.gguf" .
try -d native -o out/ type_unknown_100.gguf 't[0]' t
echo '# quantized weights as they are stored, in another layout'
try -q -d native --layout hf -f safetensors -o out/ model-q4_k.gguf 'blk.0.{attn_k,attn_norm}.weight'
echo '# all of a container'
try -d native -o out/ -f gguf sample.gguf 'output.weight[:,1:32]'
echo '# of the run'
try -d bf16 -o out/ sample.gguf
try --max-shard 1K -o out/ sample.gguf
try -f npz --max-shard 1K -o out/ missing.gguf
try -o out.npy sample.gguf 'output.*'
