#!/bin/sh
# A symbolic link in the place of the default folder, which may have come with the model, is not
# followed; one that is named with -o is.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
mkdir elsewhere
for target in elsewhere absent; do
    ln -sfn "$target" m
    for option in --force --skip-existing --dry-run; do
        gguf-dq extract "$option" m.gguf
        echo "exit $?"
    done
done
ls -A . elsewhere
ln -sfn elsewhere m
gguf-dq extract -q m.gguf -o m
echo "exit $?"
ls -A elsewhere
