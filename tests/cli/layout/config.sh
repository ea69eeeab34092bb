#!/bin/sh
# --hf-config: config.json decides the class and is copied along with the other small files, but not
# with weights.
cp "$DATA/hf/llama/model-q4_k.gguf" m.gguf
mkdir hf
for file in tokenizer.json tokenizer_config.json chat_template.jinja model.safetensors modeling.py; do
    echo "this is $file" >hf/$file
done
echo '{"architectures": ["LlavaForConditionalGeneration"], "text_config": {"vocab_size": 5}}' >hf/config.json
head -c 100000 /dev/urandom >hf/tokenizer.model
echo '# dry run'
gguf-dq extract -n --layout hf --hf-config hf -o out m.gguf
ls out 2>&1
echo '# all'
gguf-dq extract --layout hf --hf-config hf -o out m.gguf
ls out
for file in config.json tokenizer.json tokenizer.model; do cmp hf/$file out/$file; done
echo '# again: refused, left, replaced'
rm out/*.npy
gguf-dq extract --layout hf --hf-config hf -o out m.gguf
echo "exit $?"
echo changed >out/tokenizer.json
rm out/config.json
gguf-dq extract --layout hf --hf-config hf --skip-existing -o out m.gguf
cat out/tokenizer.json
gguf-dq extract --layout hf --hf-config hf --force -o out m.gguf
cat out/tokenizer.json
echo '# into the same directory'
gguf-dq extract --layout hf --hf-config hf -o hf m.gguf blk.0.attn_k
cat hf/tokenizer.json
echo '# a class that is not known, a file without a class, what is not JSON, and nothing'
mkdir other none bad empty
echo '{"architectures": ["NewForCausalLM"]}' >other/config.json
echo '{}' >none/config.json
echo '{"architectures": [' >bad/config.json
for dir in other none bad empty; do
    gguf-dq list --layout hf --hf-config $dir --names m.gguf
    echo "exit $?"
done
echo '# to a pipe nothing is copied'
gguf-dq extract --layout hf --hf-config hf -f raw -o - m.gguf blk.0.attn_k | wc -c
echo '# without it'
gguf-dq extract --layout hf -o without m.gguf
ls without
echo '# vocab_size'
cat >gemma3.py <<'END'
import gguf_writer
with open('gemma3.gguf', 'wb') as file:
    file.write(gguf_writer.model([('general.architecture', 'str', 'gemma3')],
                                 [('token_embd.weight', 'f32', [4, 5], bytes(80))]))
END
PYTHONPATH="$TESTS/lib" "$PYTHON" gemma3.py
echo '{"architectures": ["Gemma3ForCausalLM"], "vocab_size": 7}' >none/config.json
gguf-dq list --layout hf --hf-config none gemma3.gguf
echo '# of another model, and of a quantized one'
echo '{"architectures": ["LlamaForCausalLM"], "hidden_size": 4096, "quantization_config": {}}' >none/config.json
gguf-dq list --layout hf --hf-config none m.gguf blk.0.attn_k
echo '# a file in place of the directory, a byte order mark, and a link that leads nowhere'
gguf-dq list --layout hf --hf-config none/config.json m.gguf blk.0.attn_k
mkdir bom
printf '\357\273\277{"architectures": ["LlamaForCausalLM"]}' >bom/config.json
gguf-dq list --names --layout hf --hf-config bom m.gguf blk.0.attn_k
ln -s ../blobs/none bom/tokenizer.json
gguf-dq extract --layout hf --hf-config bom -o linked/ m.gguf blk.0.attn_k
echo "exit $?"
[ -e linked ] || echo "nothing was written"
