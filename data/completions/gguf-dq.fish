# Completion of gguf-dq for fish.

# Whether the line is one of the given commands, or (without any) none yet.
function __gguf_dq_using
  set -l words (commandline -opc)
  if test (count $argv) -eq 0
    test (count $words) -eq 1
  else
    test (count $words) -ge 2; and contains -- $words[2] $argv
  end
end

# Prints the model that stands on the line, if one does.
function __gguf_dq_model
  set -l words (commandline -opc)[3..-1]
  set -l takes_argument --tensor --exclude --tensors-from --output --format --dtype \
    --manifest --device --cpu --threads --max-memory --ulp --type --size --time
  while set -q words[1]
    set -l word $words[1]
    set -e words[1]
    if contains -- $word $takes_argument; or string match -qr -- '^-[0mnkqvh]*[txTofdj]$' $word
      set -e words[1]
    else if not string match -q -- '-?*' $word
      set word (string replace -r '^~/' $HOME/ -- $word)
      set -l files $word/*.gguf # a folder is a model only with one in it
      if string match -qr -- '^-$|/|\.gguf$' $word; or set -q files[1]
        echo $word
      else if test -e $word; and not test -d $word
        echo $word
      end
      return
    end
  end
end

# Prints the tensors of that model, or of the one that the program finds itself.
function __gguf_dq_tensors
  set -l program (string replace -r '^~/' $HOME/ -- (commandline -opc)[1])
  set -l model (__gguf_dq_model)
  # Standard input must not be read here.
  if test "$model" != -
    command $program list --names $model 2>/dev/null </dev/null
  end
end

# Prints the types that the program knows, behind those that stand in the word with commas.
function __gguf_dq_types
  set -l program (string replace -r '^~/' $HOME/ -- (commandline -opc)[1])
  set -l before (commandline -ct | string replace -r '^--type=' '' | string match -r '^.*,')
  for type in (command $program --version 2>/dev/null | string match -r '^types: .*' | string lower | string split ' ')[2..-1]
    echo "$before$type"
  end
end

# Prints models and folders as long as there is no model on the line.
function __gguf_dq_models
  set -l model (__gguf_dq_model)
  if not set -q model[1]
    __fish_complete_suffix .gguf | string match -r '^.*(?:\.gguf|/)(?:\t.*)?$'
  end
end

complete -c gguf-dq -f

complete -c gguf-dq -n __gguf_dq_using -a list -d 'Show what is inside'
complete -c gguf-dq -n __gguf_dq_using -a extract -d 'Write tensors as plain arrays'
complete -c gguf-dq -n __gguf_dq_using -a verify -d 'Check a GPU against the CPU'
complete -c gguf-dq -n __gguf_dq_using -a check -d 'Look for what is wrong with a file'
complete -c gguf-dq -n __gguf_dq_using -a bench -d 'Measure how fast types are decoded'
complete -c gguf-dq -n __gguf_dq_using -a devices -d 'Show the GPUs and the levels of the CPU'
complete -c gguf-dq -n __gguf_dq_using -a types -d 'Show the tensor types that are known'
complete -c gguf-dq -n __gguf_dq_using -l help -d 'Show help'
complete -c gguf-dq -n __gguf_dq_using -l version -d 'Show the version'

complete -c gguf-dq -n '__gguf_dq_using list extract verify check bench' -a '(__gguf_dq_models)'
complete -c gguf-dq -n '__gguf_dq_using list extract verify check bench' -a '(__gguf_dq_tensors)' -d Tensor

complete -c gguf-dq -n '__gguf_dq_using list extract verify check' -s t -l tensor -x -a '(__gguf_dq_tensors)' -d 'Take a tensor'
complete -c gguf-dq -n '__gguf_dq_using list extract verify check' -s x -l exclude -x -a '(__gguf_dq_tensors)' -d 'Leave tensors out'
complete -c gguf-dq -n '__gguf_dq_using list extract verify check' -s T -l tensors-from -r -F -d 'Read names from a file'
complete -c gguf-dq -n '__gguf_dq_using list extract verify check' -s 0 -l null -d 'Names in that file end in NUL'
complete -c gguf-dq -n '__gguf_dq_using list extract verify check' -l max-memory -x -d 'Take no more memory'

complete -c gguf-dq -n '__gguf_dq_using list' -s m -l meta -d 'Show the metadata too'
complete -c gguf-dq -n '__gguf_dq_using list' -l names -d 'Show nothing but the names'

complete -c gguf-dq -n '__gguf_dq_using extract verify bench' -s d -l dtype -x -a 'f32 f16 bf16' -d 'Type of the numbers'
complete -c gguf-dq -n '__gguf_dq_using extract' -s d -l dtype -x -a native -d 'Type of the numbers'
complete -c gguf-dq -n '__gguf_dq_using extract verify bench' -l device -x -a 'auto cpu gpu hip cuda gpu:all hip:all cuda:all' -d 'What decodes'
complete -c gguf-dq -n '__gguf_dq_using extract verify bench' -l cpu -x -a 'baseline v3 v4' -d 'Level of instructions'
complete -c gguf-dq -n '__gguf_dq_using extract verify bench' -s j -l threads -x -d 'Use so many processors'

complete -c gguf-dq -n '__gguf_dq_using verify' -l self-test -d 'Check the built-in vectors'
complete -c gguf-dq -n '__gguf_dq_using verify' -l ulp -x -d 'Let small differences pass'

complete -c gguf-dq -n '__gguf_dq_using check' -l values -d 'Look at the weights too'

complete -c gguf-dq -n '__gguf_dq_using bench' -l type -x -a '(__gguf_dq_types)' -d 'Measure only these types'
complete -c gguf-dq -n '__gguf_dq_using bench' -l size -x -d 'Weights for kernels, in 2^20'
complete -c gguf-dq -n '__gguf_dq_using bench' -l time -x -d 'Milliseconds for each number'

complete -c gguf-dq -n '__gguf_dq_using extract' -s o -l output -r -F -d 'Folder, file, or - for a pipe'
complete -c gguf-dq -n '__gguf_dq_using extract' -s f -l format -x -a 'npy raw' -d 'Kind of file'
complete -c gguf-dq -n '__gguf_dq_using extract' -l force -d 'Replace files that exist'
complete -c gguf-dq -n '__gguf_dq_using extract' -l skip-existing -d 'Leave files that exist as they are'
complete -c gguf-dq -n '__gguf_dq_using extract' -l fsync -d 'Write files through to the disk'
complete -c gguf-dq -n '__gguf_dq_using extract' -s k -l keep-going -d 'Write what is sound although some is not'
complete -c gguf-dq -n '__gguf_dq_using extract' -l strict -d 'Overflow to infinity is an error'
complete -c gguf-dq -n '__gguf_dq_using extract' -l manifest -r -F -d 'Write a list of the outputs as JSON'
complete -c gguf-dq -n '__gguf_dq_using extract' -s n -l dry-run -d 'Say what would be written'

complete -c gguf-dq -n '__gguf_dq_using list extract verify check bench' -l no-sandbox -d 'Keep rights that are not needed'

complete -c gguf-dq -n '__gguf_dq_using list extract verify check bench devices types' -l json -d 'Report as one JSON object'
complete -c gguf-dq -n '__gguf_dq_using list extract verify check bench devices types' -l jsonl -d 'Report as one JSON object a line'
complete -c gguf-dq -n '__gguf_dq_using list extract verify check bench devices types' -s q -l quiet -d 'No warnings, no progress'
complete -c gguf-dq -n '__gguf_dq_using list extract verify check bench devices types' -s v -l verbose -d 'Say more'
complete -c gguf-dq -n '__gguf_dq_using list extract verify check bench devices types' -s h -l help -d 'Show help'
