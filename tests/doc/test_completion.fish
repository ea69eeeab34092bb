# Tests the completion for fish.
# Usage: fish test_completion.fish PROGRAM SOURCE_ROOT
set -g failures 0
set -g scratch (mktemp -d); or exit 1
mkdir $scratch/bin $scratch/config $scratch/alone $scratch/several $scratch/several/folder $scratch/alone/arrays
ln -s (realpath $argv[1]) $scratch/bin/gguf-dq
set -gx PATH $scratch/bin $PATH
set -e GGUF_DQ_MODEL
cp $argv[2]/data/sample.gguf $scratch/alone/model.gguf
cp $argv[2]/data/sample.gguf $scratch/several/model.gguf
cp $argv[2]/data/gguf/good/odd_names.gguf $scratch/several/'odd names.gguf'
touch $scratch/several/notes.txt
set -gx HF_HUB_CACHE $scratch/hub
mkdir -p $scratch/hub/models--org--repo/snapshots/1
for quant in Q4_K_M Q8_0
  cp $argv[2]/data/sample.gguf $scratch/hub/models--org--repo/snapshots/1/x-$quant.gguf
end
complete -c gguf-dq -e # remove what an installed version defines
source $argv[2]/data/completions/gguf-dq.fish; or exit 1

# expect FOLDER LINE WORD...: completes a line in a folder. The words are sorted.
function expect
  set -l expected (string join '|' -- (printf '%s\n' $argv[3..-1] | sort))
  cd $scratch/$argv[1]
  # Before 3.4 fish offers some words twice, and from 4.0 on also those with the letters of an option in
  # the middle.
  set -l begun (string match -r -- '--\S+$' $argv[2] | string escape --style=regex)
  set -l found (string join '|' -- (complete -C $argv[2] 2>$scratch/noise | string replace -r '\t.*' '' |
    string match -r -- "^$begun.*" | sort -u))
  set -l noise (cat $scratch/noise)
  if test "$found" != "$expected"; or test -n "$noise"
    printf 'line:     %s\nexpected: %s\nfound:    %s\nnoise:    %s\n\n' $argv[2] "$expected" "$found" "$noise"
    set -g failures (math $failures + 1)
  end
end

set -x LC_ALL C.UTF-8
expect alone 'gguf-dq ' list show extract hash stats compare verify check bench devices types
expect alone 'gguf-dq --' --help --version
expect alone 'gguf-dq l' list

# models of a cache
expect several 'gguf-dq list hf:' hf:org/repo:Q4_K_M hf:org/repo:Q8_0
expect several 'gguf-dq extract hf:org/repo:Q8' hf:org/repo:Q8_0
expect several 'gguf-dq list hf:org/repo:Q8_0 tok' token_embd.weight

# models, folders and tensors
expect several 'gguf-dq list ' folder/ model.gguf 'odd names.gguf'
expect several 'gguf-dq extract -t output mod' model.gguf
expect several 'gguf-dq extract model.gguf tok' token_embd.weight
expect several 'gguf-dq list --json -x output model.gguf -t tok' token_embd.weight
expect several 'gguf-dq extract --format=raw -nd f16 model.gguf tok' token_embd.weight
expect several 'gguf-dq extract -t tok'
expect alone 'gguf-dq extract -t tok' token_embd.weight
expect alone 'gguf-dq list pos' position_ids
expect several 'gguf-dq list nosuch.gguf tok'
expect several 'gguf-dq list - tok'
expect alone 'gguf-dq extract arrays tok' token_embd.weight
expect . 'gguf-dq extract alone tok' token_embd.weight
expect several 'gguf-dq list odd\ names.gguf sta' 'star*?[x]'
expect several 'gguf-dq list "odd names.gguf" doll' 'dollar$(id)'

# arguments of options
expect several 'gguf-dq extract -f ' gguf npy npz raw safetensors
expect several 'gguf-dq extract --dtype ' f32 f16 bf16 native
expect several 'gguf-dq list -T not' notes.txt
expect several 'gguf-dq extract --manifest not' notes.txt

expect alone 'gguf-dq verify -d ' f32 f16 bf16
expect alone 'gguf-dq verify --device c' cpu cuda cuda:all
expect alone 'gguf-dq extract --cpu v' v3 v4
expect alone 'gguf-dq extract -j '
expect alone 'gguf-dq verify --ulp 1 model.gguf tok' token_embd.weight
expect alone 'gguf-dq extract --share 1/4 model.gguf tok' token_embd.weight
expect alone 'gguf-dq check --sh' --share
expect alone 'gguf-dq bench -d ' f32 f16 bf16
expect alone 'gguf-dq extract --dtype=f' --dtype=f32 --dtype=f16
expect alone 'gguf-dq bench --type q6' q6_k
expect alone 'gguf-dq bench --type=q4_k,q5' --type=q4_k,q5_0 --type=q4_k,q5_1 --type=q4_k,q5_k
expect several 'gguf-dq bench --type q4_k --time 1 model.gguf tok' token_embd.weight

# options
expect alone 'gguf-dq extract --d' --dtype --device --dry-run
expect alone 'gguf-dq list --d'
expect alone 'gguf-dq types --j' --json --jsonl
expect alone 'gguf-dq types '
expect alone 'gguf-dq devices '
expect alone 'gguf-dq verify --se' --self-test

cd /
rm -rf $scratch
test $failures -eq 0
