#!/bin/sh
# meson: timeout=300
# A card that the program has no code for: the message names the card, its target if the kernel driver knows it,
# the targets of the build, and what helps. With auto the CPU does the work.
cp "$DATA/sample.gguf" m.gguf
show() {
    echo "$1"
    sed "s/built in: gfx[-0-9a-z ]*/built in: TARGETS/; s/VERSION=[0-9.]*/VERSION=.../
        s/$DQ_TEST_TARGET/TARGET/g; s/$DQ_AMD_TARGET/CARD/g" words
}
export DQ_AMD_TARGET=gfx705
gguf-dq extract --device hip m.gguf output.weight -o a.raw 2>words
show "$?"
DQ_AMD_ROCM=6 gguf-dq verify --self-test 2>words # another error than that of ROCm 7
show "$?"
GGUF_DQ_AUTO_MIN=1 gguf-dq extract -v m.gguf output.weight -f raw -o b.raw 2>words
status=$?
sed -i 's/; built in: .*/; .../' words
show "$status"

# A card of the same family as one that there is code for, at the address that the stand-in gives it.
export DQ_AMD_TARGET="${DQ_TEST_TARGET%?}7" DQ_AMD_NODES="$PWD/nodes" LD_PRELOAD=libamdnodes.so
digits=${DQ_AMD_TARGET#gfx}
major=${digits%??}
minor=${digits#"$major"}
mkdir -p nodes/0
printf 'gfx_target_version %d\nlocation_id 0\ndomain %d\n' \
    "$((major * 10000 + ${minor%?} * 100 + 7))" 0xfffe >nodes/0/properties
gguf-dq verify --device hip m.gguf 2>words
show "$?"
export "$(grep -o 'HSA_OVERRIDE_GFX_VERSION=[0-9.]*' words)"
gguf-dq verify --device hip m.gguf | tail -n 1
