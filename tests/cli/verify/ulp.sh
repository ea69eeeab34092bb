#!/bin/sh
# meson: gpu timeout=300
# --ulp N tolerates small differences, among them zeros of the other sign. NaNs always have to
# match.
cp "$DATA/sample.gguf" m.gguf
verify() {
    gguf-dq verify m.gguf "$@" >out
    echo "$? $(sed -n '4p;$p' out | tr -s ' ' | tr '\n' ';')"
}
export DQ_HOST_WRONG=bits:0-9
verify output.bias
verify output.bias --ulp 1
verify output.bias --ulp 1 -d f16
DQ_HOST_WRONG=unstable:0-9 verify output.bias --ulp 1
DQ_HOST_WRONG=zero-sign:0-99999 verify token_embd
DQ_HOST_WRONG=zero-sign:0-99999 verify token_embd --ulp 1
DQ_HOST_WRONG=nan:0-9 verify output.bias --ulp 4294967295
for n in -1 x 4294967296 '' 1.5; do
    verify output.bias --ulp "$n"
done
