#!/bin/sh
# meson: gpu timeout=300
# Without a GPU: exit 7, with the reason and what works without one.
cp "$DATA/sample.gguf" m.gguf
export DQ_HOST_DEVICES=0
"$TESTS/cli/tools/verify.sh" m.gguf
echo "$?"
"$TESTS/cli/tools/verify.sh" --self-test --json
echo "$?"
"$TESTS/cli/tools/verify.sh" m.gguf --device gpu
echo "$?"
"$TESTS/cli/tools/verify.sh" m.gguf --device host:0
echo "$?"
"$TESTS/cli/tools/verify.sh" m.gguf output.bias --device cpu --cpu baseline
echo "$?"
export DQ_HOST_DEVICES=1
export DQ_HOST_MEMORY=100000 # one lane, which copies once when it opens
for fault in count:1 describe:1 open:1 kernel:1 alloc:1+ alloc:1! alloc_host:1+ stream_new:1 \
    copy_in:1 copy_in:2 launch:1 copy_out:1 sync:1 sync:2; do
    echo "-- $fault"
    DQ_HOST_FAIL=$fault "$TESTS/cli/tools/verify.sh" m.gguf output.bias | grep equal
    DQ_HOST_FAIL=$fault "$TESTS/cli/tools/verify.sh" m.gguf output.bias >/dev/null 2>&1
    echo "$?"
done
