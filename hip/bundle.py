#!/usr/bin/env python3
"""Writes an offload bundle of AMD code objects.

Usage: bundle.py OUTPUT [TARGET FILE]..."""

import pathlib
import struct
import sys

ALIGN = 4096


def main(output, *objects):
    entries = [("host-x86_64-unknown-linux-gnu-", b"")]
    entries += [(f"hipv4-amdgcn-amd-amdhsa--{target}", pathlib.Path(path).read_bytes())
                for target, path in zip(objects[::2], objects[1::2])]
    head = b"__CLANG_OFFLOAD_BUNDLE__" + struct.pack("<Q", len(entries))
    at = ALIGN * -(-(len(head) + sum(24 + len(name) for name, _ in entries)) // ALIGN)
    body = b""
    for name, code in entries:
        head += struct.pack("<QQQ", at + len(body), len(code), len(name)) + name.encode()
        body += code + bytes(-len(code) % ALIGN)
    pathlib.Path(output).write_bytes(head.ljust(at, b"\0") + body)


if __name__ == "__main__":
    main(*sys.argv[1:])
