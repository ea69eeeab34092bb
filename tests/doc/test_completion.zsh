# Tests the completion for zsh: types into a shell on a pseudo-terminal and records what it offers.
# Usage: zsh -f test_completion.zsh PROGRAM SOURCE_ROOT
zmodload zsh/zpty || exit 1

integer failures=0
program=$(realpath "$1")
root=$2
scratch=$(mktemp -d) || exit 1
trap 'rm -rf $scratch' EXIT
scratch_word=${(q)scratch} # for the other shell, whatever the path
mkdir $scratch/bin $scratch/alone $scratch/several $scratch/several/folder $scratch/alone/arrays
ln -s $program $scratch/bin/gguf-dq
cp $root/data/sample.gguf $scratch/alone/model.gguf
cp $root/data/sample.gguf $scratch/several/model.gguf
cp $root/data/gguf/good/odd_names.gguf $scratch/several/'odd names.gguf'
touch $scratch/several/notes.txt
export HF_HUB_CACHE=$scratch/hub
mkdir -p $HF_HUB_CACHE/models--org--repo/snapshots/1
for quant in Q4_K_M Q8_0; do
  cp $root/data/sample.gguf $HF_HUB_CACHE/models--org--repo/snapshots/1/x-$quant.gguf
done
export LC_ALL=C.UTF-8
unset GGUF_DQ_MODEL

# In the shell at the other end, compadd records what it adds, and completion has finished when the
# line "end" appears.
cat > $scratch/setup <<EOF
cd $scratch_word
path=($scratch_word/bin \$path)
fpath=(${(q)root}/data/completions \$fpath)
autoload -Uz compinit
compinit -u -D
compadd() {
  local -a found
  builtin compadd -O found "\$@"
  ((\$#found)) && print -rl -- \$found >> $scratch_word/offered
  builtin compadd "\$@"
}
probe() { zle complete-word; print -r -- "end" >> $scratch_word/offered }
zle -N probe
bindkey '^I' probe
LISTMAX=10000
print -r -- "end" >> $scratch_word/offered
EOF

wait_for_end() {
  integer i
  local chunk
  for ((i = 0; i < 600; i++)); do
    zpty -r -t shell chunk # read what it prints, or it blocks
    [[ -e $scratch/offered && $(tail -n 1 $scratch/offered) == end ]] && return
    sleep 0.05
  done
  print "the shell does not answer"
  exit 1
}

zpty -b shell zsh -f -i
zpty -w shell "source $scratch_word/setup"
wait_for_end

# expect FOLDER LINE WORD...: completes a line in a folder. The words are sorted.
expect() {
  local line=$2
  local -a expected=("${(@o)argv[3,-1]}") found
  rm -f $scratch/offered
  zpty -w shell "cd $scratch_word/$1; print end >> $scratch_word/offered"
  wait_for_end
  rm -f $scratch/offered
  zpty -w -n shell "$line"$'\t'
  wait_for_end
  found=("${(@ou)${(@f)$(< $scratch/offered)}}")
  found=("${(@)found:#end}")
  zpty -w -n shell $'\x15' # clear the line
  if [[ "${(j:|:)found}" != "${(j:|:)expected}" ]]; then
    print -r -- "line:     $line"
    print -r -- "expected: ${(j:|:)expected}"
    print -r -- "found:    ${(j:|:)found}"
    ((failures++))
  fi
}

expect alone 'gguf-dq ' list show extract hash stats compare verify check bench devices types --help --version
expect alone 'gguf-dq l' list

# models of a cache
expect several 'gguf-dq list hf:' hf:org/repo:Q4_K_M hf:org/repo:Q8_0
expect several 'gguf-dq extract hf:org/repo:Q8' hf:org/repo:Q8_0
expect several 'gguf-dq list hf:org/repo:Q8_0 tok' token_embd.weight

# models, folders and tensors
expect several 'gguf-dq list ' folder model.gguf 'odd\ names.gguf'
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
expect several 'gguf-dq extract --dtype=' f32 f16 bf16 native
expect several 'gguf-dq list -T not' notes.txt
expect several 'gguf-dq extract --manifest=not' notes.txt

expect alone 'gguf-dq verify -d ' f32 f16 bf16
expect alone 'gguf-dq verify --device c' cpu cuda cuda:all
expect alone 'gguf-dq extract --cpu=v' v3 v4
expect alone 'gguf-dq extract -j '
expect alone 'gguf-dq verify --ulp 1 model.gguf tok' token_embd.weight
expect alone 'gguf-dq extract --share 1/4 model.gguf tok' token_embd.weight
expect alone 'gguf-dq check --sh' --share
expect alone 'gguf-dq bench -d ' f32 f16 bf16
expect alone 'gguf-dq bench --dtype=f' f32 f16
expect alone 'gguf-dq bench --type q6' q6_k
expect alone 'gguf-dq bench --type=q4_k,q5' q5_0 q5_1 q5_k
expect several 'gguf-dq bench --type q4_k --time 1 model.gguf tok' token_embd.weight

# options
expect alone 'gguf-dq extract --d' --dtype --device --dry-run
expect alone 'gguf-dq list --d'
expect alone 'gguf-dq types --j' --json --jsonl
expect alone 'gguf-dq verify --se' --self-test

zpty -d shell
exit $((failures > 0))
