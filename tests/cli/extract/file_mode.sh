#!/bin/sh
# New files get the permissions that the umask allows.
cp "$DATA/gguf/good/small_valid.gguf" m.gguf
umask 027
gguf-dq extract -q m.gguf --manifest m.json
umask 002
gguf-dq extract -q m.gguf --force -o m/b.weight.npy b
stat -c '%a %n' m m/* m.json
