#!/bin/sh
# ollama:NAME[:TAG] names a model in the store of Ollama; what its manifests say is not trusted.
unset GGUF_DQ_MODEL
export OLLAMA_MODELS=store
hex=$(sha256sum <"$DATA/sample.gguf" | cut -c1-64)
manifest() { # manifest HOST/NAMESPACE/NAME TAG DIGEST TYPE...: a layer for each type
    mkdir -p "store/manifests/$1"
    to=store/manifests/$1/$2 digest=$3
    shift 3
    {
        printf '{"schemaVersion":2,"config":{"digest":"sha256:0"},"layers":[{"mediaType":"x","digest":1},{},7'
        for type; do
            printf ',{"mediaType":"application/vnd.ollama.image.%s","digest":"%s","size":1}' "$type" "$digest"
        done
        printf ']}'
    } >"$to"
}
model() { manifest "$1" "$2" "sha256:$hex" template model projector; }
try() {
    gguf-dq list "$@" 2>&1 | head -n 1
}
echo '# nothing'
try ollama:
try ollama:llama
mkdir -p store/blobs
cp "$DATA/sample.gguf" "store/blobs/sha256-$hex"
model registry.example/library/llama latest
model registry.example/library/llama 3b-q4_0
model registry.example/me/mine latest
model other.example:8080/me/mine latest
model hf.example/org/X-GGUF Q4_K_M
echo '# what is there'
gguf-dq list ollama:
gguf-dq list --names ollama:
gguf-dq list --json ollama:
echo '# each is found by its name, and by others'
for name in $(gguf-dq list --names ollama:) ollama:llama ollama:LLAMA ollama:library/llama:latest \
    ollama:registry.example/library/llama ollama:other.example:8080/me/mine \
    ollama:org/x-gguf:q4_k_m; do
    echo "$name: $(gguf-dq list --names "$name" | wc -l)"
done
echo '# several, or none'
for name in ollama:me/mine ollama:llama:7b ollama:lama ollama:mine ollama:org/X-GGUF; do
    gguf-dq list "$name"
    echo "exit $?"
done 2>&1
echo '# not names'
for name in ollama: ollama:../x ollama:a/b/c/d ollama::x ollama:a/ 'ollama:a b' ollama:.x ollama:-x ollama:a:b:c; do
    gguf-dq verify --device cpu "$name"
done
echo '# outputs are named after the model'
gguf-dq extract -q ollama:llama output.bias
gguf-dq extract -q ollama:registry.example/library/llama:3b-q4_0 output.bias
gguf-dq extract -q --format gguf ollama:org/X-GGUF:Q4_K_M output.bias
GGUF_DQ_MODEL=ollama:LLAMA gguf-dq extract -q output.bias
find . -path ./store -prune -o -type f -print | LC_ALL=C sort
rm -r llama LLAMA llama-3b-q4_0 X-GGUF-Q4_K_M
echo '# names without the prefix'
for name in llama:latest me/mine Ollama:llama lama:latest llama; do
    try "$name"
done
echo '# manifests that lead nowhere'
manifest registry.example/library/up latest 'sha256:../../../../etc/passwd' model
manifest registry.example/library/short latest 'sha256:abc' model
manifest registry.example/library/gone latest "sha256:$(printf %064d 0)" model
manifest registry.example/library/tensors latest "sha256:$hex" tensor tensor
manifest registry.example/library/two latest "sha256:$hex" model model
mkdir -p store/manifests/registry.example/library/junk
echo '[]' >store/manifests/registry.example/library/junk/list
printf '{"layers":{"a":[]}}' >store/manifests/registry.example/library/junk/object
echo 'no JSON' >store/manifests/registry.example/library/junk/latest
head -c 100000 /dev/zero >store/manifests/registry.example/library/junk/large
hostile=store/manifests/registry.example/library/$(printf 'new\nline\033[31m')
mkdir "$hostile"
cp store/manifests/registry.example/library/llama/latest "$hostile"
ln -s registry.example store/manifests/copy
for name in up short gone tensors two junk junk:list junk:object junk:large; do
    try "ollama:$name"
done
gguf-dq list --names ollama: | cat -v
gguf-dq list -v --names ollama: 2>&1 >/dev/null | grep -c 'manifests/'
echo '# the blob is checked against its name'
gguf-dq check --values ollama:llama
printf x | dd of="store/blobs/sha256-$hex" bs=1 seek=300000 conv=notrunc 2>/dev/null
gguf-dq check --values --quiet ollama:llama
echo '# older names of blobs, and where the store is'
mv "store/blobs/sha256-$hex" "store/blobs/sha256:$hex"
try ollama:llama
mkdir -p home/.ollama
mv store home/.ollama/models
HOME=$PWD/home OLLAMA_MODELS='' gguf-dq list --names ollama: 2>/dev/null | head -n 1
