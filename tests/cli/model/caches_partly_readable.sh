#!/bin/sh
# meson: unsanitized
# What cannot be read in a cache is said, and everything else is listed: it is not taken for empty.
unset HF_HUB_CACHE HUGGINGFACE_HUB_CACHE HF_HOME XDG_CACHE_HOME GGUF_DQ_MODEL
export HF_HUB_CACHE=hub OLLAMA_MODELS=store
model() { # model REPOSITORY FILE
    mkdir -p "$1/refs" "$(dirname "$1/snapshots/1/$2")"
    printf 1 >"$1/refs/main"
    cp "$DATA/sample.gguf" "$1/snapshots/1/$2"
}
without() { # without FOLDER ARGUMENT...
    name=$1
    shift
    LD_PRELOAD=$LESSER DQ_LESSER=no-entry=$name gguf-dq list --names "$@"
    echo "exit $?"
}
model hub/models--org--a a-Q4_0.gguf
model hub/models--org--b b-Q4_0.gguf
model hub/models--org--b locked/b-Q8_0.gguf
model hub/models--org--c c-Q4_0.gguf
echo '# a directory of one repository'
without locked hf:
without locked hf:org/a output.bias
without locked hf:org/b:Q4_0 output.bias
without locked hf:org/x
echo '# a repository whose snapshots cannot be found out about'
mkdir hub/models--org--loop
ln -s snapshots hub/models--org--loop/snapshots
gguf-dq list --names hf:
gguf-dq list --names hf:org/loop
gguf-dq list --json hf: | tail -n 3
echo '# the whole cache'
without hub hf:
ln -s round round
HF_HUB_CACHE=round gguf-dq list hf:
HF_HUB_CACHE=round gguf-dq list hf:org/a
mkdir -p home/.cache/huggingface
ln -s hub home/.cache/huggingface/hub
HF_HUB_CACHE='' HOME=home gguf-dq list hf:
echo '# a repository that is a link'
model elsewhere d-Q4_0.gguf
ln -s ../elsewhere hub/models--org--d
ln -s ../nowhere hub/models--org--e
gguf-dq list --names hf: 2>/dev/null
gguf-dq list --names hf:org/d output.bias
echo '# a name that is longer than a line of the table, and one that is escaped'
part=$(printf '%0250d' 0)
model hub/models--org--a "$part/$part/$part/$part/$part.gguf"
gguf-dq list --names hf: 2>/dev/null | awk '{ print length }' | sort -n | tail -n 1
rm -r hub
model hub/models--org--a "$(printf 'new\nline\033').gguf"
model hub/models--org--a plain.gguf
gguf-dq list hf:
echo '# ollama'
hex=$(sha256sum <"$DATA/sample.gguf" | cut -c1-64)
mkdir -p store/blobs
cp "$DATA/sample.gguf" "store/blobs/sha256-$hex"
manifest() {
    mkdir -p "store/manifests/$1"
    printf '{"layers":[{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:%s"}]}' "$hex" \
        >"store/manifests/$1/latest"
}
manifest registry.example/library/llama
manifest registry.example/library/zoo
manifest registry.example/me/mine
for folder in llama me manifests; do
    without $folder ollama:
done
without llama ollama:zoo output.bias
without llama ollama:llama
echo '# names that differ in case only, with another between them'
manifest other.example:8080/me/MINE
manifest registry.example/me/Next
gguf-dq list --names ollama:
gguf-dq list --names ollama:me/mine 2>&1
echo '# a host with a port'
gguf-dq list ollama:other.example:8080/me/mina:7b
