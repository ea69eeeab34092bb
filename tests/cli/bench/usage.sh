#!/bin/sh
# Types and dtypes that cannot be measured are refused at once.
gguf-dq bench --type q4_k,q9_z; echo $?
gguf-dq bench --type q4k; echo $?
gguf-dq bench -d native; echo $?
gguf-dq bench --time x; echo $?
gguf-dq bench --size 0; echo $?
gguf-dq bench --device cpu --time 1 --type f32 >/dev/full; echo $?
gguf-dq bench --device cpu --time 1 --type q8_0 --cpu baseline | sed 's/[0-9.]\{1,\}%\{0,1\}/N/g; s/  */ /g'
