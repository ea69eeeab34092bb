#!/bin/sh
# Copies of --hf-config are files like the others: the manifest cannot have their path, however it is
# written, and the total of a dry run counts them.
cp "$DATA/hf/llama/model-q4_k.gguf" m.gguf
mkdir hf
echo '{"architectures": ["LlamaForCausalLM"]}' >hf/config.json
echo '{"version": "1.0"}' >hf/tokenizer.json
try() {
    gguf-dq extract -q --layout hf --hf-config hf m.gguf blk.0.attn_k "$@"
    echo "exit $?"
}
echo '# the manifest'
mkdir out
ln -s out link
for path in out/config.json ./out//config.json link/config.json "$PWD/out/tokenizer.json" out/CONFIG.json; do
    try --force -o out --manifest "$path" 2>&1 | sed "s,$PWD,PWD,"
done
ls out
try -o out --manifest hf/manifest.json
cmp hf/config.json out/config.json
try --force -o hf --manifest hf/config.json
try --skip-existing -o out --manifest link/config.json
cat hf/config.json out/config.json
echo '# dry run'
try -n -o new/
rm out/tokenizer.json
try -n --skip-existing -o out
try --skip-existing -o out --json | sed -n '/copies/,$p'
