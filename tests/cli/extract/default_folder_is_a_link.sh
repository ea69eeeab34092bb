#!/bin/sh
# A link that goes by the name of the model, and may have come with it, leads nowhere; one that -o
# names is followed.
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
