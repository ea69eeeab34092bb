#!/bin/sh
# Without --threads, and with 0, a run uses the processors that it may use, as a batch system has set them,
# and not those of the machine. (Quotas: tests/unit/base/test_processors.c.)
cp "$DATA/sample.gguf" m.gguf
n_threads() {
    "$@" m.gguf output.weight | sed -n 's/.*"threads": \([0-9]*\).*/\1/p'
}
mine=$(taskset -cp $$ | sed 's/.*: *//')
one=$(echo "$mine" | sed 's/[-,].*//')
n_threads taskset -c "$one" gguf-dq verify --device cpu --json
n_threads taskset -c "$one" gguf-dq verify --device cpu --json -j 0
n_threads taskset -c "$one" gguf-dq verify --device cpu --json -j 3
n=$(n_threads gguf-dq verify --device cpu --json)
[ "$n" -ge 1 ] && [ "$n" -le "$(nproc)" ] && echo 'no more than nproc says'
