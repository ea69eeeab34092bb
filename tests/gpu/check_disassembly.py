#!/usr/bin/env python3
"""Reads the AMD machine code of the kernels and fails if it may round differently from the source.

For every target of a code object bundle: all kernels of formats.def are there; none has a fused
multiply-add, another instruction that does not round as IEEE says, or a change of float mode; none
flushes subnormal numbers, uses scratch memory or LDS; all write 16 bytes at once."""

import argparse
import collections
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

DTYPES = ("f32", "f16", "bf16")

# Multiply-adds by any name, except those of integers.
FUSED = re.compile(r"[sv]_(dual_|pk_|s?mfma|s?wmma)?(fma|mfma|wmma|mac_|mad|dot|div_fmas)")
INTEGER = re.compile(r"_[ui](16|24|32|64)(_|$)")
INEXACT = re.compile(r"v_(rcp|rsq|sqrt|exp|log|div_|\w*legacy|cvt_pk_?rtz|cvt_\w*_sr_)|"
                     r"[sv]_cvt_pk_?rtz|s_setreg|s_denorm_mode|s_round_mode")
MODIFIER = re.compile(r"\b(clamp|mul:[24]|div:2)\b")
MEMORY = re.compile(r"(ds|scratch|buffer|flat)_")
STORE_16 = re.compile(r"global_store_(dwordx4|b128)$")
BYTE_LOAD = re.compile(r"global_load_(d16_)?(hi_)?([us]byte|[ui]8)")


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def expected_kernels(formats):
    tokens = re.findall(r"^DQ_FORMAT\((\w+),", formats.read_text(), re.M)
    return {f"dq_{token}_{dtype}" for token in tokens for dtype in DTYPES}


def split(bundle, bundler, folder):
    """Returns {target: path of its code object}. A code object alone is a bundle of one."""
    if bundle.read_bytes()[:4] == b"\x7fELF":
        return {bundle.name: bundle}
    entries = run(bundler, "--list", "--type=o", f"--input={bundle}").split()
    objects = {e.split("--")[-1]: e for e in entries if not e.startswith("host")}
    for target, entry in objects.items():
        path = folder / target.replace(":", "_")
        run(bundler, "--unbundle", "--type=o", f"--targets={entry}", f"--input={bundle}",
            f"--output={path}")
        objects[target] = path
    return objects


def sections(elf):
    """Yields (type, address, offset, size, link) of each section of a 64-bit little-endian ELF."""
    shoff, = struct.unpack_from("<Q", elf, 0x28)
    size, count = struct.unpack_from("<HH", elf, 0x3a)
    for i in range(count):
        kind, _, address, offset, length, link = struct.unpack_from("<IQQQQI", elf,
                                                                    shoff + i * size + 4)
        yield kind, address, offset, length, link


def descriptors(elf):
    """Returns {kernel: its descriptor of 64 bytes}, from the symbols NAME.kd."""
    table = list(sections(elf))
    found = {}
    for kind, _, offset, length, link in table:
        if kind != 11:  # SHT_DYNSYM
            continue
        strings = table[link][2]
        for at in range(offset, offset + length, 24):
            name_at, _, _, index, value, _ = struct.unpack_from("<IBBHQQ", elf, at)
            end = elf.index(b"\0", strings + name_at)
            name = elf[strings + name_at:end].decode()
            if name.endswith(".kd"):
                _, address, start, _, _ = table[index]
                place = start + value - address
                found[name[:-3]] = elf[place:place + 64]
    return found


def metadata(notes):
    """Returns {kernel: {field: number}} from the notes of a code object."""
    found = {}
    for part in re.split(r"^  - ", notes, flags=re.M)[1:]:
        name = re.search(r"^ +\.name: +(\w+)", part, re.M)
        if name:
            found[name[1]] = {field: int(number) for field, number in
                              re.findall(r"^ +\.(\w+): +(\d+)$", part, re.M)}
    return found


def instructions(listing):
    """Returns {kernel: lines of its code}."""
    found = collections.defaultdict(list)
    name = None
    for line in listing.splitlines():
        label = re.match(r"[0-9a-f]+ <([\w.$]+)>:", line)
        if label:
            name = label[1]
        elif name and line.startswith("\t"):
            found[name].append(line.split("//")[0].strip())
    return found


def code_faults(lines):
    for line in lines:
        for name in re.findall(r"(?:^|:: )(\w+)", line):
            if FUSED.match(name) and not INTEGER.search(name):
                yield f"fused: {line}"
            elif INEXACT.match(name):
                yield f"rounds or changes a mode: {line}"
            elif MEMORY.match(name):
                yield f"memory other than global: {line}"
            elif re.search(r"_f(16|32|64)", name) and MODIFIER.search(line):
                yield f"modifies its result: {line}"


def descriptor_faults(descriptor):
    lds, scratch = struct.unpack_from("<II", descriptor, 0)
    mode = struct.unpack_from("<I", descriptor, 48)[0] >> 12 & 0xff
    if lds:
        yield f"{lds} bytes of LDS"
    if scratch:
        yield f"{scratch} bytes of scratch"
    if mode != 0xf0:
        yield f"float mode 0x{mode:02x}, expected 0xf0: nearest even, subnormals kept"


def check_target(path, expected, tools):
    """Returns the faults of a code object and its row of the table."""
    elf = path.read_bytes()
    kernels = descriptors(elf)
    facts = metadata(run(tools.readelf, "--notes", str(path)))
    code = instructions(run(tools.objdump, "-d", str(path)))
    present = kernels.keys() & code.keys()
    faults = [f"{name}: missing" for name in sorted(expected - present)]
    registers, stores, byte_loads, length = [], [], [], 0

    for name in sorted(present):
        names = [line.split()[0] for line in code[name] if line]
        faults += [f"{name}: {fault}" for fault in descriptor_faults(kernels[name])]
        faults += [f"{name}: {fault}" for fault in code_faults(code[name])]
        stores.append(sum(bool(STORE_16.match(n)) for n in names))
        byte_loads.append(sum(bool(BYTE_LOAD.match(n)) for n in names))
        length += sum(n != "s_code_end" for n in names)
        if not stores[-1]:
            faults.append(f"{name}: no store of 16 bytes")
        fact = facts.get(name, {})
        registers.append(fact.get("vgpr_count", 0))
        if not registers[-1] or fact.get("private_segment_fixed_size") != 0:
            faults.append(f"{name}: its metadata cannot be read, or says that it spills")
    row = (len(present), f"{min(registers, default=0)}-{max(registers, default=0)}",
           sum(stores), sum(byte_loads), length)
    return faults, row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=pathlib.Path)
    parser.add_argument("--formats", type=pathlib.Path, required=True, help="src/formats.def")
    parser.add_argument("--bundler", default="clang-offload-bundler")
    parser.add_argument("--objdump", default="llvm-objdump")
    parser.add_argument("--readelf", default="llvm-readelf")
    parser.add_argument("--targets", help="those that must be there, with commas")
    tools = parser.parse_args()
    expected = expected_kernels(tools.formats)
    n_faults = 0

    print(f"{'target':<24} {'kernels':>7} {'VGPRs':>7} {'16-byte stores':>14} {'byte loads':>10}"
          f" {'instructions':>12}")
    with tempfile.TemporaryDirectory() as folder:
        objects = split(tools.bundle, tools.bundler, pathlib.Path(folder))
        missing = set(filter(None, (tools.targets or "").split(","))) - objects.keys()
        for target, path in objects.items():
            faults, row = check_target(path, expected, tools)
            n_faults += len(faults)
            print("{:<24} {:>7} {:>7} {:>14} {:>10} {:>12}".format(target, *row))
            for fault in faults[:20]:
                print(f"  {fault}")
    for target in sorted(missing):
        print(f"{target}: not in the bundle")
    n_faults += len(missing)
    print(f"{len(objects)} targets, {len(expected)} kernels each, {n_faults} faults")
    return 1 if n_faults or not objects or not expected else 0


if __name__ == "__main__":
    sys.exit(main())
