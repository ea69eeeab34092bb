#!/bin/sh
# meson: timeout=300
# GGUF_DQ_HSACO: the code object of one target, bundles of two, on a card of another target; and files that are
# not code objects, are damaged, or hold kernels of another version.
cp "$DATA/sample.gguf" m.gguf
cp "$DQ_TEST_CODE" code.co
try() { # try TARGET FILE
    DQ_AMD_TARGET=$1 GGUF_DQ_HSACO=$2 gguf-dq verify --device hip m.gguf >out 2>&1
    echo "$?"
    tail -n 1 out | sed "s/$DQ_TEST_TARGET/TARGET/g"
}
"$PYTHON" - "$TESTS/gpu" <<'EOF'
import struct
import sys
import zlib

sys.path.insert(0, sys.argv[1])
import code_object

code = open("code.co", "rb").read()
entries = [("host-x86_64-unknown-linux-gnu-", b""), ("hipv4-amdgcn-amd-amdhsa--gfx90a:xnack-", code),
           ("hipv4-amdgcn-amd-amdhsa--gfx90a", code)]
head, body = b"__CLANG_OFFLOAD_BUNDLE__" + struct.pack("<Q", len(entries)), b""
for name, part in entries:
    head += struct.pack("<QQQ", 4096 + len(body), len(part), len(name)) + name.encode()
    body += part
bundle = head.ljust(4096, b"\0") + body
packed = zlib.compress(bundle)
header = struct.pack("<4sHHII8s", b"CCOB", 2, 0, len(packed) + 24, len(bundle), b"")
abi = code_object.symbols(code)["dq_abi"]


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


write("bundle.hipfb", bundle)
write("packed.hipfb", header + packed)
write("cut_bundle.hipfb", bundle[:-1])
write("cut_packed.hipfb", (header + packed)[:-1])
write("version.co", code.replace(abi, bytes(8)))
write("kernel.co", code.replace(b"dq_q4_k_f16.kd", b"dq_q9_k_f16.kd"))
write("cut.co", code[:-100])
write("header.co", code[:50])
write("empty.co", b"")
EOF
echo 'code that fits'
for file in code.co bundle.hipfb packed.hipfb; do
    try "$DQ_TEST_TARGET" $file
done
echo 'code for another card'
for file in code.co packed.hipfb; do
    try gfx705 $file
done
echo 'what is no code, or not all of it'
for file in m.gguf empty.co header.co cut.co cut_bundle.hipfb cut_packed.hipfb version.co kernel.co nonexistent; do
    try "$DQ_TEST_TARGET" $file
done
