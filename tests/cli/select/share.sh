#!/bin/sh
# --share I/N: which tensors a share has, the same in every command; all shares together are the selection.
cp "$DATA/sample.gguf" m.gguf
gguf-dq list --names m.gguf | sort >all
shares() { # shares N COMMAND...: a file for each share
    n=$1
    shift
    for i in $(seq "$n"); do
        "$@" --share "$i/$n" >"share$i" || echo "$i: exit $?"
    done
}
names() { gguf-dq list --names m.gguf "$@"; }
for n in 1 2 3 27 28 40; do
    rm -f share*
    shares $n names
    cat share* | sort | diff - all && echo "$n: each tensor once, $(find . -name 'share*' -size 0 | wc -l) empty"
done
echo '# of a selection, in the order of the file'
gguf-dq list --names -x '*norm*' --share 2/3 m.gguf 'blk.0.*'
gguf-dq list --share 2/3 m.gguf | head -n 1
gguf-dq list --share 28/28 m.gguf
echo "exit $?"
gguf-dq list --jsonl --share 28/28 m.gguf
gguf-dq list --json --share 3/9 m.gguf | grep -c '"name"'
echo '# verify and check have the same'
tensors() { "$PYTHON" -c 'import json, sys; print([json.loads(l)["tensor"] for l in sys.stdin])'; }
gguf-dq verify --device cpu --jsonl --share 3/9 m.gguf | tensors
gguf-dq list --names --share 3/9 m.gguf
gguf-dq verify --device cpu --share 28/28 m.gguf | tail -n 1
gguf-dq verify --device cpu --share 1/2 m.gguf 'output.weight[0:3]' 'output.weight[7]' | sed -n '4p'
gguf-dq check --values --share 3/9 m.gguf
gguf-dq check --values --share 28/28 m.gguf
echo "exit $?"
for i in 1 2 3; do gguf-dq hash --share $i/3 m.gguf; done | sort >parts
gguf-dq hash m.gguf | grep -v '(model)$' | sort | diff - parts && echo 'the digests of all tensors'
gguf-dq hash --share 28/28 m.gguf || echo "exit $?"

echo '# what is no share'
for share in 0/4 5/4 1/0 0/0 2 2/ /2 -1/4 1/4x 1/+4 ' 1/4' 0x1/4 1/4294967296 ''; do
    gguf-dq list --names --share "$share" m.gguf
    echo "exit $?"
done 2>&1 | grep -v '^Try'
gguf-dq list --names --share 4294967295/4294967295 m.gguf
echo "exit $?"
gguf-dq list --names --share 1/4294967295 m.gguf
echo '# every command refuses them, and accepts a share of nothing'
for command in list 'check --values' hash stats 'compare m.gguf' 'verify --device cpu' 'extract -o out/'; do
    for share in 0/4 5/4 1/0 1/99999999999999999999 28/28; do
        # shellcheck disable=SC2086 # several words
        gguf-dq $command --share "$share" m.gguf >/dev/null 2>&1
        printf '%s ' $?
    done
    echo "$command"
done
[ ! -e out ] || echo 'something was written'
for command in 'check' 'verify --self-test' 'list --layout hf' 'devices' 'bench'; do
    # shellcheck disable=SC2086 # several words
    gguf-dq $command --share 1/2 2>&1 | head -n 1
done
