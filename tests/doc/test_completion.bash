#!/usr/bin/env bash
# Tests the completion for bash without a terminal, by calling its function as bash does.
# Usage: test_completion.bash PROGRAM SOURCE_ROOT
# shellcheck disable=SC2016 # dollars in single quotes are meant to stay
set -u

program=$(realpath "$1")
root=$2
failures=0
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin" "$scratch/alone" "$scratch/several" "$scratch/several/folder" \
    "$scratch/alone/arrays"
ln -s "$program" "$scratch/bin/gguf-dq"
PATH=$scratch/bin:$PATH
unset GGUF_DQ_MODEL
cp "$root/data/sample.gguf" "$scratch/alone/model.gguf"
cp "$root/data/sample.gguf" "$scratch/several/model.gguf"
cp "$root/data/gguf/good/odd_names.gguf" "$scratch/several/odd names.gguf"
touch "$scratch/several/notes.txt"
export HF_HUB_CACHE=$scratch/hub OLLAMA_MODELS=$scratch/ollama
mkdir -p "$HF_HUB_CACHE/models--org--repo/snapshots/1"
for quant in Q4_K_M Q8_0; do
    cp "$root/data/sample.gguf" "$HF_HUB_CACHE/models--org--repo/snapshots/1/x-$quant.gguf"
done

# shellcheck disable=SC1091 # it is checked separately
source "$root/data/completions/gguf-dq.bash" || exit 1

# expect FOLDER EXPECTED WORD...: completes the last word in a folder. EXPECTED is a list of words
# separated by |.
expect()
{
    local expected=$2 found noise
    cd "$scratch/$1" || exit 1
    shift 2
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    _gguf_dq "$1" "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}" > "$scratch/noise" 2>&1
    found=$(IFS='|'; printf %s "${COMPREPLY[*]-}")
    noise=$(cat "$scratch/noise")
    if [[ $found != "$expected" || $noise ]]; then
        printf 'line:     %s\nexpected: %s\nfound:    %s\nnoise:    %s\n\n' \
            "$*" "$expected" "$found" "$noise"
        failures=$((failures + 1))
    fi
}

expect alone 'list|show|extract|hash|stats|compare|verify|check|bench|devices|types|--help|--version' gguf-dq ''
expect alone 'list' gguf-dq l
expect alone '' gguf-dq nosuch ''

# models, folders and tensors
expect several 'folder/|model.gguf|odd\ names.gguf' gguf-dq list ''
expect several 'folder/' gguf-dq list f
expect several 'model.gguf' gguf-dq extract -t output mod
expect several 'token_embd.weight' gguf-dq extract model.gguf tok
expect several 'token_embd.weight' gguf-dq list --json -x output model.gguf -t tok
expect several 'token_embd.weight' gguf-dq extract --format = raw -nd f16 model.gguf tok
expect several '' gguf-dq extract -t tok
expect alone 'token_embd.weight' gguf-dq extract -t tok
expect alone 'position_ids' gguf-dq list pos
expect alone 'position_ids' gguf-dq list ../several/model.gguf pos
expect several '' gguf-dq list nosuch.gguf ''
expect several '' gguf-dq list - ''
expect several 'token_embd.weight' gguf-dq list ../alone/model.gguf folder tok
expect alone 'token_embd.weight' gguf-dq extract arrays tok
expect . 'token_embd.weight' gguf-dq extract alone tok
GGUF_DQ_MODEL=$scratch/alone/model.gguf expect several 'position_ids' gguf-dq list pos

# models of a cache; bash splits their names at colons
expect several 'hf:' gguf-dq list h
expect several 'org/repo:Q4_K_M|org/repo:Q8_0' gguf-dq list hf :
expect several 'org/repo:Q4_K_M|org/repo:Q8_0' gguf-dq extract hf : org
expect several 'Q8_0' gguf-dq extract hf : org/repo : Q8
expect several '' gguf-dq list ollama : x
expect several 'token_embd.weight' gguf-dq list hf : org/repo : Q8_0 tok
expect several '' gguf-dq list hf : org/repo tok

# quotes
expect several 'star\*\?\[x\]' gguf-dq list 'odd\ names.gguf' sta
expect several 'star\*\?\[x\]' gguf-dq list '"odd names.gguf"' 'star\*'
expect several 'dollar\$\(id\)' gguf-dq list "'odd names.gguf'" dol
expect several 'dollar\$(id)' gguf-dq list 'odd\ names.gguf' '"dol'
expect several "quote\"s'\\''\`" gguf-dq list 'odd\ names.gguf' "'quo"
expect several "quote\\\"s'\\\`" gguf-dq list 'odd\ names.gguf' '"quo'
expect several 'back\\\\slash' gguf-dq list 'odd\ names.gguf' back

# arguments of options
expect several 'npy|raw|npz|safetensors|gguf' gguf-dq extract -f ''
expect several 'f32|f16|bf16|native' gguf-dq extract --dtype = ''
expect several 'bf16' gguf-dq extract --dtype = b
expect several 'native' gguf-dq extract -nd n
expect several 'notes.txt' gguf-dq list -T not
expect several 'folder/|model.gguf|notes.txt|odd\ names.gguf' gguf-dq extract model.gguf -o ''
expect several 'notes.txt' gguf-dq extract --manifest n

expect alone 'f32|f16|bf16' gguf-dq verify -d ''
expect alone 'cpu|cuda|cuda:all' gguf-dq verify --device c
expect alone 'all' gguf-dq verify --device gpu : ''
expect alone 'all' gguf-dq verify --device = hip : a
expect alone '' gguf-dq verify --device gpu : b
expect alone 'token_embd.weight' gguf-dq verify --device gpu : all model.gguf tok
expect alone 'v3|v4' gguf-dq extract --cpu = v
expect alone '' gguf-dq extract -j ''
expect alone 'token_embd.weight' gguf-dq verify --ulp 1 model.gguf tok
expect alone 'token_embd.weight' gguf-dq extract --share 1/4 model.gguf tok
expect alone '' gguf-dq list --share ''
expect alone '--share' gguf-dq check --sh
expect alone 'f32|f16|bf16' gguf-dq bench -d ''
expect alone 'f32|f16' gguf-dq bench --dtype = f
expect alone 'f32|f16' gguf-dq extract --dtype = f
expect alone 'v3|v4' gguf-dq bench --cpu v
expect alone 'mxfp4' gguf-dq bench --type = m
expect alone 'q6_k' gguf-dq bench --type q6
expect alone 'q4_k,q5_0|q4_k,q5_1|q4_k,q5_k' gguf-dq bench --type = q4_k,q5
expect alone '' gguf-dq bench --time ''
expect alone 'token_embd.weight' gguf-dq bench tok
expect several 'token_embd.weight' gguf-dq bench --type q4_k --time = 1 model.gguf tok
expect several 'model.gguf' gguf-dq bench --size 1 mod

# options
expect alone '--dtype|--device|--dry-run' gguf-dq extract --d
expect alone '' gguf-dq list --d
expect alone '--json|--jsonl' gguf-dq types --j
expect alone '' gguf-dq types ''
expect alone '' gguf-dq devices ''
expect alone '--self-test' gguf-dq verify --se
expect alone '--values' gguf-dq check --va
expect several 'token_embd.weight' gguf-dq check --values model.gguf tok

exit $((failures > 0))
