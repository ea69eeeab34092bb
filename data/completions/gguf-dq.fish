# Completion of gguf-dq for fish.

# Whether the command on the line is one of the arguments or, without arguments, there is none yet.
function __gguf_dq_using
  set -l words (commandline -opc)
  if test (count $argv) -eq 0
    test (count $words) -eq 1
  else
    test (count $words) -ge 2; and contains -- $words[2] $argv
  end
end

# Prints the model on the command line, if there is one.
function __gguf_dq_model
  set -l words (commandline -opc)[3..-1]
  set -l takes_argument --tensor --exclude --tensors-from --output --format --dtype \
    --layout --hf-config --algorithm --check --edge --max-shard --manifest --share --device --cpu --threads --max-memory --offset --ulp --type --size --time --to --max-nmse --min-snr --max-abs \
    --map --against --by --columns --sort --top --html
  while set -q words[1]
    set -l word $words[1]
    set -e words[1]
    if contains -- $word $takes_argument; or string match -qr -- '^-[0mnkqvh]*[txTofdjac]$' $word
      set -e words[1]
    else if not string match -qr -- '^-.' $word
      set word (string replace -r '^~/' $HOME/ -- $word)
      set -l files $word/*.gguf # a directory counts only if it contains a model
      if string match -qr -- '^-$|/|\.gguf$|^(hf|ollama):' $word; or set -q files[1]
        echo $word
      else if test -e $word; and not test -d $word
        echo $word
      end
      return
    end
  end
end

# Prints the tensors of that model, or else of the model that the program finds.
function __gguf_dq_tensors
  set -l program (string replace -r '^~/' $HOME/ -- (commandline -opc)[1])
  set -l model (__gguf_dq_model)
  # Standard input must not be read here.
  if test "$model" != -
    command $program list --names $model 2>/dev/null </dev/null
  end
end

# Prints types, each after the types that the comma-separated word already has.
function __gguf_dq_types
  set -l program (string replace -r '^~/' $HOME/ -- (commandline -opc)[1])
  set -l before (commandline -ct | string replace -r '^--type=' '' | string match -r '^.*,')
  for type in (command $program --version 2>/dev/null | string match -r '^types: .*' | string lower | string split ' ')[2..-1]
    echo "$before$type"
  end
end

# Prints models and directories, or models of the cache that the word begins with, unless there is a model
# on the line.
function __gguf_dq_models
  set -l model (__gguf_dq_model)
  set -l cache (commandline -ct | string match -r '^(?:hf|ollama):')
  if set -q cache[1]; and not set -q model[1]
    set -l program (string replace -r '^~/' $HOME/ -- (commandline -opc)[1])
    command $program list --names $cache 2>/dev/null </dev/null
  else if not set -q model[1]
    __fish_complete_suffix .gguf | string match -r '^.*(?:\.gguf|/)(?:\t.*)?$'
  end
end

complete -c gguf-dq -f

complete -c gguf-dq -n __gguf_dq_using -a list -d 'List metadata and tensors'
complete -c gguf-dq -n __gguf_dq_using -a show -d 'Print weights as text'
complete -c gguf-dq -n __gguf_dq_using -a extract -d 'Dequantize tensors to plain arrays'
complete -c gguf-dq -n __gguf_dq_using -a hash -d 'Compute digests of the weights'
complete -c gguf-dq -n __gguf_dq_using -a stats -d 'Compute exact statistics of the weights'
complete -c gguf-dq -n __gguf_dq_using -a compare -d 'Measure how far weights are from a reference'
complete -c gguf-dq -n __gguf_dq_using -a verify -d 'Compare a GPU with the CPU, bit for bit'
complete -c gguf-dq -n __gguf_dq_using -a check -d 'Check a model for errors'
complete -c gguf-dq -n __gguf_dq_using -a bench -d 'Measure how fast types are decoded'
complete -c gguf-dq -n __gguf_dq_using -a devices -d 'List GPUs and CPU levels'
complete -c gguf-dq -n __gguf_dq_using -a types -d 'List the tensor types'
complete -c gguf-dq -n __gguf_dq_using -l help -d 'Show help'
complete -c gguf-dq -n __gguf_dq_using -l version -d 'Show the version'

complete -c gguf-dq -n '__gguf_dq_using list show extract hash stats compare verify check bench' -a '(__gguf_dq_models)'
complete -c gguf-dq -n '__gguf_dq_using list show extract hash stats compare verify check bench' -a '(__gguf_dq_tensors)' -d Tensor

complete -c gguf-dq -n '__gguf_dq_using list show extract hash stats compare verify check' -s t -l tensor -x -a '(__gguf_dq_tensors)' -d 'Select a tensor'
complete -c gguf-dq -n '__gguf_dq_using list show extract hash stats compare verify check' -s x -l exclude -x -a '(__gguf_dq_tensors)' -d 'Exclude tensors'
complete -c gguf-dq -n '__gguf_dq_using list show extract hash stats compare verify check' -s T -l tensors-from -r -F -d 'Read names from a file'
complete -c gguf-dq -n '__gguf_dq_using list show extract hash stats compare verify check' -s 0 -l null -d 'Names in that file end in NUL'
complete -c gguf-dq -n '__gguf_dq_using list extract hash stats compare verify check' -l share -x -d 'Only one of several parts'
complete -c gguf-dq -n '__gguf_dq_using list show extract hash stats compare verify check' -l max-memory -x -d 'Limit the memory'

complete -c gguf-dq -n '__gguf_dq_using list' -s m -l meta -d 'Show the metadata as well'
complete -c gguf-dq -n '__gguf_dq_using list' -l names -d 'Print only the names'

complete -c gguf-dq -n '__gguf_dq_using show' -s f -l format -x -a 'table csv tsv hex' -d 'Form of the numbers'
complete -c gguf-dq -n '__gguf_dq_using show' -l edge -x -d 'Numbers at each end of a large dimension'
complete -c gguf-dq -n '__gguf_dq_using show' -l full -d 'Show all numbers'
complete -c gguf-dq -n '__gguf_dq_using show' -l blocks -d 'Show the stored blocks'

complete -c gguf-dq -n '__gguf_dq_using list extract' -l layout -x -a 'gguf hf' -d 'Names and layout of arrays'
complete -c gguf-dq -n '__gguf_dq_using list extract' -l hf-config -x -a '(__fish_complete_directories)' -d 'Directory of the Hugging Face model'

complete -c gguf-dq -n '__gguf_dq_using extract hash verify bench' -s d -l dtype -x -a 'f32 f16 bf16' -d 'Type of the output'
complete -c gguf-dq -n '__gguf_dq_using extract hash' -s d -l dtype -x -a native -d 'Type of the output'
complete -c gguf-dq -n '__gguf_dq_using extract hash stats compare verify bench' -l device -x -a 'auto cpu gpu hip cuda gpu:all hip:all cuda:all' -d 'Device that decodes'
complete -c gguf-dq -n '__gguf_dq_using extract hash stats compare verify bench' -l cpu -x -a 'baseline v3 v4 neon' -d 'CPU instruction set'
complete -c gguf-dq -n '__gguf_dq_using extract hash stats compare verify check bench' -s j -l threads -x -d 'Number of processors'

complete -c gguf-dq -n '__gguf_dq_using stats compare' -s f -l format -x -a 'table csv tsv' -d 'Form of the figures'
complete -c gguf-dq -n '__gguf_dq_using stats compare' -l by -x -a 'tensor matrix row block' -d 'What has figures'
complete -c gguf-dq -n '__gguf_dq_using stats compare' -l percentiles -d 'Percentiles of magnitudes or distances'
complete -c gguf-dq -n '__gguf_dq_using stats' -l fit -d 'What F16 and BF16 would change'
complete -c gguf-dq -n '__gguf_dq_using stats' -l codes -d 'How codes and scales of blocks are used'
complete -c gguf-dq -n '__gguf_dq_using stats compare' -l columns -x -d 'Only these figures'
complete -c gguf-dq -n '__gguf_dq_using stats compare' -l sort -x -d 'Sort by a figure'
complete -c gguf-dq -n '__gguf_dq_using stats compare' -l top -x -d 'Only the first'
complete -c gguf-dq -n '__gguf_dq_using stats compare' -l html -r -F -d 'Write a page for a browser'

complete -c gguf-dq -n '__gguf_dq_using hash' -s a -l algorithm -x -a 'blake3 sha256' -d 'Hash function'
complete -c gguf-dq -n '__gguf_dq_using hash' -s c -l check -r -F -d 'Compare with digests in a file'
complete -c gguf-dq -n '__gguf_dq_using hash' -l no-names -d 'Leave names out of the digest of the model'

complete -c gguf-dq -n '__gguf_dq_using verify' -l self-test -d 'Verify built-in test vectors'
complete -c gguf-dq -n '__gguf_dq_using verify' -l ulp -x -d 'Accept small differences'

complete -c gguf-dq -n '__gguf_dq_using compare' -l layout -x -a 'auto gguf hf' -d 'Names and layout of the reference'
complete -c gguf-dq -n '__gguf_dq_using compare' -l map -r -F -d 'Read names in the reference from a file'
complete -c gguf-dq -n '__gguf_dq_using compare' -l equal -d 'Fail unless all weights are equal'
complete -c gguf-dq -n '__gguf_dq_using compare' -l max-nmse -x -d 'Fail above this nmse'
complete -c gguf-dq -n '__gguf_dq_using compare' -l min-snr -x -d 'Fail below this snr in dB'
complete -c gguf-dq -n '__gguf_dq_using compare' -l max-abs -x -d 'Fail above this difference'
complete -c gguf-dq -n '__gguf_dq_using compare' -l against -r -F -d 'Fail if worse than in a report'

complete -c gguf-dq -n '__gguf_dq_using check' -l values -d 'Check the weights as well'

complete -c gguf-dq -n '__gguf_dq_using bench' -l type -x -a '(__gguf_dq_types)' -d 'Measure only these types'
complete -c gguf-dq -n '__gguf_dq_using bench' -l size -x -d 'Weights for GPU kernels, in 2^20'
complete -c gguf-dq -n '__gguf_dq_using bench' -l time -x -d 'Milliseconds per measurement'
complete -c gguf-dq -n '__gguf_dq_using bench' -l to -x -a '(__fish_complete_directories)' -d 'Measure writing files too'

complete -c gguf-dq -n '__gguf_dq_using extract' -s o -l output -r -F -d 'Directory, file, or - for standard output'
complete -c gguf-dq -n '__gguf_dq_using extract' -s f -l format -x -a 'npy raw npz safetensors gguf' -d 'Output format'
complete -c gguf-dq -n '__gguf_dq_using extract' -l max-shard -x -a '5GB 500MB' -d 'Split the output into files of at most this size'
complete -c gguf-dq -n '__gguf_dq_using extract' -l force -d 'Replace existing files'
complete -c gguf-dq -n '__gguf_dq_using extract' -l skip-existing -d 'Keep existing files'
complete -c gguf-dq -n '__gguf_dq_using extract' -l fsync -d 'Flush files to disk'
complete -c gguf-dq -n '__gguf_dq_using extract' -s k -l keep-going -d 'Skip tensors that cannot be extracted'
complete -c gguf-dq -n '__gguf_dq_using extract' -l apply-scales -d 'Multiply by scale tensors'
complete -c gguf-dq -n '__gguf_dq_using extract' -l strict -d 'Treat overflow as an error'
complete -c gguf-dq -n '__gguf_dq_using extract' -l manifest -r -F -d 'Write a JSON list of the outputs'
complete -c gguf-dq -n '__gguf_dq_using extract' -s n -l dry-run -d 'Show what would be written'

complete -c gguf-dq -n '__gguf_dq_using list show extract hash stats compare verify check bench' -l offset -x -d 'Byte of the file where the model begins'
complete -c gguf-dq -n '__gguf_dq_using list show extract hash stats compare verify check bench' -l no-sandbox -d 'Do not drop privileges'

complete -c gguf-dq -n '__gguf_dq_using list show extract hash stats compare verify check bench devices types' -l json -d 'Report as one JSON object'
complete -c gguf-dq -n '__gguf_dq_using list show extract hash stats compare verify check bench devices types' -l jsonl -d 'Report as JSON Lines'
complete -c gguf-dq -n '__gguf_dq_using list show extract hash stats compare verify check bench devices types' -s q -l quiet -d 'No warnings or progress'
complete -c gguf-dq -n '__gguf_dq_using list show extract hash stats compare verify check bench devices types' -s v -l verbose -d 'Print more'
complete -c gguf-dq -n '__gguf_dq_using list show extract hash stats compare verify check bench devices types' -s h -l help -d 'Show help'
