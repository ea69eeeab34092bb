#!/bin/sh
# hf:OWNER/REPO[:QUANT] names a model in the cache of huggingface_hub: what is found, what could be several,
# what is said when it is not there, and where the cache is.
unset HF_HUB_CACHE HUGGINGFACE_HUB_CACHE HF_HOME XDG_CACHE_HOME GGUF_DQ_MODEL
mkdir home
export HOME=home
hub=home/.cache/huggingface/hub
repository() { # repository FOLDER COMMIT FILE...: links into blobs, as huggingface_hub makes them
    folder=$hub/models--$1 commit=$2
    shift 2
    mkdir -p "$folder/refs" "$folder/blobs"
    printf %s "$commit" >"$folder/refs/main"
    for file; do
        mkdir -p "$(dirname "$folder/snapshots/$commit/$file")"
        blob=$(printf %s "$commit$file" | sha256sum | cut -c1-64)
        case $file in *-of-*) from=gguf/good/split${file##*-split} ;; *) from=sample.gguf ;; esac
        [ -e "$DATA/$from" ] || from=sample.gguf
        cp "$DATA/$from" "$folder/blobs/$blob"
        ln -sr "$folder/blobs/$blob" "$folder/snapshots/$commit/$file"
    done
}
try() {
    gguf-dq list "$@" 2>&1 | head -n 1
}
echo '# no cache'
gguf-dq list hf: 2>&1
echo "exit $?"
try hf:org/one
repository org--one 0123abc one-Q4_K_M.gguf README.md
repository org--many 0123abc many-Q4_K_M.gguf many-Q8_0.gguf UD/many-UD-Q4_K_XL.gguf many-Q4_K_XL.gguf \
    mmproj-F16.gguf mmproj-BF16.gguf many.F16.gguf plain.gguf ggml-model-q4_0.gguf \
    BF16/x-BF16-split-00001-of-00003.gguf BF16/x-BF16-split-00002-of-00003.gguf BF16/x-BF16-split-00003-of-00003.gguf
repository org--two 0123abc two-IQ2_XXS.gguf mmproj-two-F16.gguf
repository gpt2 0123abc gpt2-q4_0.gguf
repository org--safetensors 0123abc model.safetensors config.json
repository org--dangling 0123abc dangling-Q4_K_M.gguf
rm "$hub"/models--org--dangling/blobs/*
mkdir -p "$hub/datasets--org--one/snapshots/1" "$hub/models--org--empty/snapshots/1" "$hub/.locks"
echo '# what is there'
gguf-dq list hf:
gguf-dq list --names hf: | tr '\n' ' '
gguf-dq list --names -0 hf: | tr '\0' ' ' | wc -w
gguf-dq list --json hf: | tail -n 7
gguf-dq list --jsonl hf: | tail -n 2
echo '# each is found by the name that is shown'
for name in $(gguf-dq list --names hf:); do
    path=$(gguf-dq list --json "$name" | sed -n 's/.*"model": "\(.*\)",/\1/p')
    gguf-dq list hf: | grep -q "^$name  .*  $path$" || echo "$name: $path"
done
echo '# by others'
for name in hf:org/one hf:org/one:q4_k_m hf:org/one:one-Q4_K_M.gguf hf:org/many:UD-Q4_K_XL hf:org/many:F16 \
    hf:org/many:mmproj-F16 hf:org/many:mmproj-F16.gguf hf:org/many:UD/many-UD-Q4_K_XL.gguf hf:org/two hf:gpt2 hf:gpt2:Q4_0 \
    hf:org/many:bf16; do
    try "$name" output.weight | grep -o 'models--.*gguf'
done
echo '# several, or none'
for name in hf:org/many hf:org/many:Q4_K_XL hf:org/many:Q4_K hf:org/one:Q8_0 hf:org/one:K_M hf:org/onn hf:Org/one \
    hf:nowhere/nothing "hf:org/one:it's"; do
    gguf-dq list "$name" 2>&1
done
echo '# repositories without a GGUF file that is complete'
for name in hf:org/empty hf:org/empty:Q4_0 hf:org/safetensors hf:org/dangling; do
    gguf-dq list "$name" 2>&1
done
echo '# how to fetch them'
for name in hf:new/repo:q4_k_m hf:new/repo:UD-q4_k_xl hf:new/repo:UD-Q4_K_XL/m.gguf hf:new/repo:m-q8_0.gguf \
    hf:new/repo:BF16/m-bf16-00001-of-00002.gguf hf:new/repo:imatrix "hf:new/repo:it's.gguf" hf:new/repo:a/b; do
    try "$name" | sed 's/.*: hf/hf/'
done
gguf-dq list hf:org/many >/dev/null 2>&1
echo "exit $?"
gguf-dq list hf:org/onn >/dev/null 2>&1
echo "exit $?"
echo '# not names'
for name in hf:../one hf:org/../one hf:/etc hf:org/ hf:org/one: hf:a/b/c 'hf:org/o ne' hf:-org/one hf:org/.one \
    hf:org/one/one-Q4_K_M.gguf hf:org/many/UD/many-UD-Q4_K_XL.gguf hf:org/one@main hf:org/one@main:Q4_K_M; do
    try "$name"
done
gguf-dq verify --device cpu hf:
gguf-dq list hf: output
gguf-dq list --meta hf:
gguf-dq list hf:org/one hf:org/two
gguf-dq hf:org/one
echo '# other commits: that of main, or all if it has no model'
repository org--one fedcba9 one-Q4_K_M.gguf
try hf:org/one | grep -o 'snapshots/[^/]*'
rm "$hub/models--org--one/refs/main"
gguf-dq list hf:org/one 2>&1
gguf-dq list --names hf: | grep one
printf '../../../models--gpt2/snapshots/0123abc' >"$hub/models--org--one/refs/main"
gguf-dq list hf:org/one 2>&1
printf '0123abc\n' >"$hub/models--org--one/refs/main"
try hf:org/one | grep -o 'snapshots/[^/]*'
rm "$hub"/models--org--one/blobs/*
try hf:org/one
echo '# as a model of every command'
gguf-dq extract -q hf:gpt2 output.bias && ls gpt2-q4_0
gguf-dq check hf:gpt2 | grep -o 'gpt2-q4_0.*'
gguf-dq verify --device cpu output hf:gpt2 | tail -n 1
GGUF_DQ_MODEL=hf:gpt2 gguf-dq list --names output
GGUF_DQ_MODEL=hf:gpt3 gguf-dq list --names output 2>&1
cp "$DATA/sample.gguf" hf:gpt2
gguf-dq list hf:gpt2 | head -n 1
rm hf:gpt2
echo '# names without the prefix'
for name in org/many org/two:IQ2_XXS HF:gpt2 gpt2:q4_0 org/none none:q4_0 \
    https://host.example/org/one http://host.example/one.gguf; do
    try "$name"
done
echo '# where the cache is'
mv home/.cache/huggingface/hub elsewhere
where() { env "$@" gguf-dq list hf: 2>&1 | head -n 1; }
where HF_HUB_CACHE=elsewhere
where HUGGINGFACE_HUB_CACHE=elsewhere
# shellcheck disable=SC2088 # the program expands it
where HF_HUB_CACHE='~/../elsewhere'
where HF_HUB_CACHE= HF_HOME=a
where XDG_CACHE_HOME=b
where HF_HUB_CACHE=nowhere HF_HOME=a XDG_CACHE_HOME=b
where HOME=c
where -u HOME
