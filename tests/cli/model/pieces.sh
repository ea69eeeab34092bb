#!/bin/sh
# The pieces of a model that was cut up: what they are, and how to join them. Of the first, what is in it can
# be extracted.
cp "$DATA/sample.gguf" .
head -c 100000 sample.gguf >sample.gguf.part1of2
tail -c +100001 sample.gguf >sample.gguf.part2of2
cp sample.gguf.part1of2 x.gguf.aa
cp sample.gguf.part2of2 x.gguf.ab
try() {
    gguf-dq "$@"
    echo "exit $?"
}
try list --names sample.gguf.part1of2 rope_freqs
try check sample.gguf.part1of2
try check sample.gguf.part2of2
try extract -o out/ sample.gguf.part2of2
try extract -o out/ sample.gguf.part2of2 rope_freqs
mkdir alone
mv sample.gguf.part2of2 alone
try list alone/sample.gguf.part2of2
try check alone
try list x.gguf.ab
try list --names x.gguf.aa rope_freqs
ls
