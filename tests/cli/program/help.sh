#!/bin/sh
# Help goes to standard output and fits a screen.
gguf-dq --help
for command in list extract verify check bench types; do
    echo "--- $command"
    gguf-dq "$command" --help
    gguf-dq "$command" --help >long
    gguf-dq "$command" -h | cmp - long
    [ "$(wc -l <long)" -le 40 ] || echo 'more than a screen'
done
gguf-dq -h >short
gguf-dq --help | cmp - short
