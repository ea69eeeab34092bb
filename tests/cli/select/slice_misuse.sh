#!/bin/sh
# Slices that numpy would refuse are refused before anything is written.
cp "$DATA/sample.gguf" .
for slice in '[256]' '[-257]' '[0, 0, 0]' '[::0]' '[,]' '[0,,1]' '[0 1]' '[1.5]' '[..., ...]' \
    '[--1]' '[99999999999999999999]' '[0:1...]' '[....]' '[1:2:3:4]' '[-]'; do
    gguf-dq extract sample.gguf "output.weight$slice"
    echo "exit $?"
done
for name in 'output.weight[]' 'output.weight[x]' 'output.weight[+1]' '[0]' 'output.weight[0' \
    'output.weight[0][0]'; do
    gguf-dq extract sample.gguf -t "$name"
    echo "exit $?"
done
ls -A
