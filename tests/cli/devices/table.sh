#!/bin/sh
# meson: gpu timeout=300
# Each GPU with its properties, or the reason why it cannot be used. (The CPU levels depend on the
# machine.)
levels='s/^cpu [a-z0-9]* *\(yes\|no\).*/cpu .../'
gguf-dq devices | sed "$levels; s/ *$//" | uniq
for fault in open:1 describe:2 count:1; do
    echo "-- $fault"
    DQ_HOST_FAIL=$fault gguf-dq devices | grep host | sed 's/ *$//'
done
echo '-- none, then 0 bytes of memory'
DQ_HOST_DEVICES=0 gguf-dq devices | grep host | sed 's/ *$//'
DQ_HOST_DEVICES=1 DQ_HOST_MEMORY=0 gguf-dq devices | grep host | sed 's/ *$//'
