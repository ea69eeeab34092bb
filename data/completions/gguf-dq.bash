# Completion of gguf-dq for bash. It requires only bash 3.2 or newer and tr.

# Sets REPLY to a word of the command line without its quotes, which it does not evaluate.
_gguf_dq_unquote()
{
    local word=$1
    # shellcheck disable=SC2162 # without -r, read removes the backslashes
    case $word in
        \'*) word=${word#\'} word=${word%\'} ;;
        \"*) word=${word#\"} word=${word%\"} ;;
        *) IFS= read word <<< "$word" ;;
    esac
    case $word in
        \~/*) word=$HOME/${word#\~/} ;;
    esac
    REPLY=$word
}

# Sets REPLY to the last of clustered short options if it takes an argument (-nd: -d), or else to the
# word.
_gguf_dq_last_option()
{
    REPLY=$1
    [[ $1 =~ ^-[0mnkqvh]*([txTofdjac])$ ]] && REPLY=-${BASH_REMATCH[1]}
}

# Whether a word is a model. A directory counts only if it contains a model.
_gguf_dq_is_model()
{
    local files
    case $1 in
        - | */* | *.gguf | hf:* | ollama:*) return 0 ;;
    esac
    [[ -d $1 ]] || { [[ -e $1 ]]; return; }
    files=("$1"/*.gguf)
    [[ -e ${files[0]} ]]
}

# Sets command and model from the words before the cursor.
_gguf_dq_parse()
{
    local i
    command=${words[1]} model=
    for ((i = 2; i < cword; i++)); do
        _gguf_dq_last_option "${words[i]}"
        case $REPLY in
            --tensor | --exclude | --tensors-from | --output | --format | --dtype | --max-shard | \
                --layout | --hf-config | --algorithm | --check | --map | --against | --edge | \
                --manifest | --device | --cpu | --threads | --max-memory | --offset | --share | --ulp | \
                --type | --size | --time | --to | --max-nmse | --min-snr | --max-abs | \
                --by | --columns | --sort | --top | --html)
                [[ ${words[i + 1]} == '=' ]] && ((i++))
                ((i++))
                [[ ${words[i + 1]-} == ':' ]] && ((i += 2))
                ;;
            --*) ;;
            -[txTofdjac]) ((i++)) ;;
            -?*) ;;
            *)
                _gguf_dq_unquote "${words[i]}"
                _gguf_dq_is_model "$REPLY" && model=$REPLY
                return
                ;;
        esac
    done
}

# Adds the lines of standard input that begin like the word under the cursor, quoted as that word is.
_gguf_dq_add()
{
    local word
    while IFS= read -r word; do
        [[ $word == "$cur"* ]] || continue
        case $quote in
            \') word=${word//\'/\'\\\'\'} ;;
            \")
                word=${word//\\/\\\\} word=${word//\"/\\\"}
                word=${word//\$/\\\$} word=${word//\`/\\\`}
                ;;
            *) printf -v word %q "$word" ;;
        esac
        COMPREPLY[${#COMPREPLY[@]}]=$word
    done
}

# Adds the words of a blank-separated list.
_gguf_dq_add_words()
{
    _gguf_dq_add < <(compgen -W "$1")
}

# Adds directories, and files whose names match a pattern.
_gguf_dq_add_files()
{
    _gguf_dq_add < <(
        shopt -s nullglob
        for file in "$cur"*; do
            # shellcheck disable=SC2053 # the pattern is meant to be one
            if [[ -d $file ]]; then
                printf '%s/\n' "$file"
            elif [[ $file == $1 ]]; then
                printf '%s\n' "$file"
            fi
        done
    )
    # The word continues inside a directory.
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace 2> /dev/null
}

# Sets words and cword from the words of bash, which splits hf:OWNER/REPO:QUANT into five.
_gguf_dq_join()
{
    local i last
    words=() cword=-1
    for ((i = 0; i <= COMP_CWORD; i++)); do
        last=
        ((cword < 0)) || last=${words[cword]}
        if [[ ${COMP_WORDS[i]} == ':' && $last =~ ^(hf$|ollama$|hf:|ollama:) ||
            $last =~ ^(hf|ollama):(.*:)?$ ]]; then
            words[cword]+=${COMP_WORDS[i]}
        else
            words[++cword]=${COMP_WORDS[i]}
        fi
    done
}

# Adds the models of the cache that the word under the cursor begins with, or what such words begin with.
_gguf_dq_add_cached()
{
    local cache
    for cache in hf: ollama:; do
        if [[ $cur == "$cache"* ]]; then
            _gguf_dq_add < <("$program" list --names "$cache" 2> /dev/null < /dev/null)
            # What bash takes for a word of its own is completed without what is before it.
            [[ $COMP_WORDBREAKS != *:* ]] || COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*:}"}"}")
        elif [[ $cur && $cache == "$cur"* ]]; then
            COMPREPLY[${#COMPREPLY[@]}]=$cache
            compopt -o nospace 2> /dev/null
        fi
    done
}

# Adds the tensors of the model. A model on standard input must not be read here.
_gguf_dq_add_tensors()
{
    [[ $model == - ]] ||
        _gguf_dq_add < <("$program" list --names ${model:+"$model"} 2> /dev/null < /dev/null)
}

# Adds types, each after the types that the comma-separated word already has.
_gguf_dq_add_types()
{
    local before=${cur%"${cur##*,}"} head types type
    while read -r head types; do
        [[ $head == types: ]] || continue
        for type in $types; do
            [[ $before$type == "$cur"* ]] && COMPREPLY[${#COMPREPLY[@]}]=$before$type
        done
    done < <("$program" --version 2> /dev/null | tr '[:upper:]' '[:lower:]')
}

_gguf_dq()
{
    local commands='list show extract hash stats compare verify check bench devices types'
    local selecting='-t --tensor -x --exclude -T --tensors-from -0 --null --max-memory'
    local sharing='--share'
    local showing='-m --meta --names'
    local printing='-f --format --edge --full --blocks'
    local layout='--layout --hf-config'
    local figuring='-f --format --by --percentiles --columns --sort --top --html'
    local counting='--fit --codes'
    local hashing='-a --algorithm -c --check --no-names'
    local rounding='-d --dtype'
    local decoding='--device --cpu'
    local threaded='-j --threads'
    local checking='--self-test --ulp'
    local examining='--values'
    local limiting='--layout --map --equal --max-nmse --min-snr --max-abs --against'
    local measuring='--type --size --time --to'
    local writing='-o --output -f --format --max-shard --force --skip-existing --fsync -k
        --keep-going --apply-scales --strict --manifest -n --dry-run'
    local reading='--offset --no-sandbox'
    local reporting='--json --jsonl -q --quiet -v --verbose -h --help'
    local program command model cur quote previous options words cword REPLY
    COMPREPLY=()
    _gguf_dq_join

    _gguf_dq_unquote "$1"
    program=$REPLY
    cur=${words[cword]}
    previous=${words[cword - 1]}
    # bash splits --option=value into three words.
    if [[ $cur == '=' ]]; then
        cur=
    elif [[ $previous == '=' ]]; then
        previous=${words[cword - 2]}
    fi
    # It also splits gpu:all into three, of which the last is completed.
    if [[ $cur == ':' && $previous =~ ^(gpu|hip|cuda)$ ]]; then
        COMPREPLY=(all)
        return
    elif [[ $previous == ':' && ${words[cword - 2]} =~ ^(gpu|hip|cuda)$ ]]; then
        [[ all != "$cur"* ]] || COMPREPLY=(all)
        return
    fi
    quote=${cur:0:1}
    _gguf_dq_unquote "$cur"
    cur=$REPLY

    if ((cword == 1)); then
        _gguf_dq_add_words "$commands --help --version"
        return
    fi
    _gguf_dq_parse
    case $command in
        list) options="$selecting $sharing $showing $layout $reading $reporting" ;;
        show) options="$selecting $printing $reading $reporting" ;;
        extract) options="$selecting $sharing $layout $rounding $decoding $threaded $writing $reading $reporting" ;;
        hash) options="$selecting $sharing $hashing $rounding $decoding $threaded $reading $reporting" ;;
        stats) options="$selecting $sharing $figuring $counting $decoding $threaded $reading $reporting" ;;
        compare) options="$selecting $sharing $figuring $decoding $threaded $limiting $reading $reporting" ;;
        verify) options="$selecting $sharing $rounding $decoding $threaded $checking $reading $reporting" ;;
        check) options="$selecting $sharing $examining $threaded $reading $reporting" ;;
        bench) options="$rounding $decoding $threaded $measuring $reading $reporting" ;;
        devices) options="$reporting" ;;
        types) options="$reporting" ;;
        *) return ;;
    esac
    if [[ $options == *"$reading"* ]]; then # commands that take a model
        _gguf_dq_last_option "$previous"
        case $REPLY in
            --tensor | --exclude | -[tx])
                _gguf_dq_add_tensors
                return
                ;;
            --tensors-from | --output | --manifest | --check | --map | --against | --html | -[Toc])
                _gguf_dq_add_files '*'
                return
                ;;
            --format | -f)
                if [[ $command == show ]]; then
                    _gguf_dq_add_words 'table csv tsv hex'
                elif [[ $command == @(stats|compare) ]]; then
                    _gguf_dq_add_words 'table csv tsv'
                else
                    _gguf_dq_add_words 'npy raw npz safetensors gguf'
                fi
                return
                ;;
            --dtype | -d)
                _gguf_dq_add_words 'f32 f16 bf16'
                [[ $command != extract && $command != hash ]] || _gguf_dq_add_words native
                return
                ;;
            --algorithm | -a)
                _gguf_dq_add_words 'blake3 sha256'
                return
                ;;
            --by)
                _gguf_dq_add_words 'tensor matrix row block'
                return
                ;;
            --layout)
                _gguf_dq_add_words 'gguf hf'
                [[ $command != compare ]] || _gguf_dq_add_words auto
                return
                ;;
            --hf-config | --to)
                _gguf_dq_add_files "/"
                return
                ;;
            --device)
                _gguf_dq_add_words 'auto cpu gpu hip cuda gpu:all hip:all cuda:all'
                return
                ;;
            --cpu)
                _gguf_dq_add_words 'baseline v3 v4 neon'
                return
                ;;
            --type)
                _gguf_dq_add_types
                return
                ;;
            --threads | --max-memory | --offset | --share | --columns | --sort | --top | --edge | --ulp | --size | --time | --max-nmse | \
                --min-snr | --max-abs | -j) return ;;
        esac
    fi
    if [[ $cur == -* ]]; then
        _gguf_dq_add_words "$options"
    elif [[ $options == *"$reading"* ]]; then
        [[ $model ]] || _gguf_dq_add_files '*.gguf'
        [[ $model || $command != compare ]] || _gguf_dq_add_files '*.@(safetensors|npy)'
        [[ $model ]] || _gguf_dq_add_cached
        [[ $cur == @(*/*|hf:*|ollama:*) && ! $model ]] || _gguf_dq_add_tensors
    fi
}

complete -F _gguf_dq gguf-dq
