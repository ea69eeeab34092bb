#!/usr/bin/env python3
"""Reads the AMD machine code of the kernels and fails if it could round differently from the source,
or is slow for a reason that shows there.

For every target of a code object bundle: all kernels of types.def and those that reduce exist; none
has a fused multiply-add, another instruction that does not round as IEEE 754 says, or a change of
float mode; none flushes subnormals, uses scratch memory or LDS, or moves data from lane to lane. Those
that decode store 16 bytes at a time, their registers leave room for the maximum number of waves, and
no load is split that a block's alignment allows as one."""

import argparse
import collections
import pathlib
import re
import sys
import tempfile

import code_object

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "lib"),
                str(pathlib.Path(__file__).resolve().parents[2] / "hip")]
import compile_exact  # noqa: E402
import type_table  # noqa: E402

DTYPES = ("f32", "f16", "bf16")

MEMORY = re.compile(r"(ds|scratch|buffer|flat)_")

# Data of other lanes, and counts of them: what compilers make of atomic operations whose lanes have the same address.
LANES = re.compile(r"v_(read|write)(first)?lane|v_perm(lane|ute)|v_mbcnt|v_movrel|s_wqm|\w+_dpp8?$|"
                   r"s_bcnt1")

REDUCTIONS = ("stats", "fit", "bins", "leaves")

# Kernels that reduce wait for memory, or compute much with what is in registers: half of the waves are enough.
REDUCTION_VGPRS = 64

# A SIMD of gfx900 to gfx90c holds 10 waves of 24 registers, or 8 waves of 32. Kernels with eight
# weights in flight use 25 to 31 registers there, depending on the compiler. 8 waves are enough: gfx90a
# never has more. On other targets the occupancy has to be full.
FEWER_WAVES = re.compile(r"gfx90[0-9c]|gfx9-generic")


def expected_kernels(types):
    """Returns {kernel: bytes of a block, or 0 if it reduces}."""
    return {f"dq_{token}_{dtype}": int(row["BYTES"])
            for token, row in type_table.read(types).items()
            for dtype in DTYPES} | {f"dq_reduce_{name}": 0 for name in REDUCTIONS}


def code_faults(code):
    for line in (instruction.text for instruction in code):
        yield from compile_exact.instruction_faults(line)
        for name in re.findall(r"(?:^|:: )(\w+)", line):
            if MEMORY.match(name):
                yield f"memory other than global: {line}"
            if LANES.match(name):
                yield f"not of one lane: {line}"


def is_reduction(name):
    return name.startswith("dq_reduce_")


def resource_faults(kernel):
    if kernel.lds:
        yield f"{kernel.lds} bytes of LDS"
    if kernel.scratch:
        yield f"{kernel.scratch} bytes of scratch"
    if kernel.float_mode != 0xf0:
        yield f"float mode 0x{kernel.float_mode:02x}, expected 0xf0: nearest even, subnormals kept"
    if not kernel.vgprs or kernel.metadata_scratch != 0:
        yield "its metadata cannot be read, or says that it spills"
        return
    waves, most = kernel.occupancy()
    if is_reduction(kernel.name):
        if kernel.vgprs > REDUCTION_VGPRS:
            yield f"{kernel.vgprs} VGPRs"
    elif waves < (8 if FEWER_WAVES.fullmatch(kernel.target) else most):
        yield f"{waves} of {most} waves, with {kernel.vgprs} VGPRs and {kernel.sgprs} SGPRs"


def access_faults(kernel, block_len):
    """Two adjacent loads could be one if the block aligns them: the first block is aligned, blocks
    follow one another, and fields are at multiples of their size unless a block has an odd length."""
    align = min(block_len & -block_len, 16)
    loads = {(a.registers, a.width, a.offset) for a in kernel.accesses if not a.is_store}
    if not kernel.widths(True)[16]:
        yield "no store of 16 bytes"
    for registers, width, offset in sorted(loads):
        if (2 * width <= align and offset % (2 * width) == 0
                and (registers, width, offset + width) in loads):
            yield (f"loads {width} and {width} bytes at {registers[0]}, offset {offset}, of blocks"
                   f" aligned to {align}")


def check_target(kernels, expected):
    """Returns the faults of a target's kernels."""
    faults = [f"{name}: missing" for name in sorted(expected.keys() - kernels.keys())]
    for name, kernel in sorted(kernels.items()):
        faults += [f"{name}: {fault}" for fault in resource_faults(kernel)]
        faults += [f"{name}: {fault}" for fault in code_faults(kernel.code)]
        if not is_reduction(name):
            faults += [f"{name}: {fault}" for fault in access_faults(kernel, expected.get(name, 1))]
    return faults


def row(kernels):
    loads, stores = collections.Counter(), collections.Counter()
    for kernel in kernels.values():
        loads.update(kernel.widths(False))
        stores.update(kernel.widths(True))
    vgprs = [kernel.vgprs for kernel in kernels.values()] or [0]
    return (len(kernels), f"{min(vgprs)}-{max(vgprs)}", stores[16], loads[1],
            sum(len(kernel.code) for kernel in kernels.values()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=pathlib.Path)
    parser.add_argument("--types", type=pathlib.Path, required=True, help="src/type/types.def")
    parser.add_argument("--objdump", default="llvm-objdump")
    parser.add_argument("--readelf", default="llvm-readelf")
    parser.add_argument("--targets", help="those that must be there, with commas")
    args = parser.parse_args()
    expected = expected_kernels(args.types)
    objects = code_object.split(args.bundle)
    missing = set(filter(None, (args.targets or "").split(","))) - objects.keys()
    n_faults = len(missing)

    print(f"{'target':<24} {'kernels':>7} {'VGPRs':>7} {'16-byte stores':>14} {'byte loads':>10}"
          f" {'instructions':>12}")
    with tempfile.TemporaryDirectory() as folder:
        for target, elf in objects.items():
            kernels = code_object.kernels(elf, target, pathlib.Path(folder), args.objdump,
                                          args.readelf)
            faults = check_target(kernels, expected)
            n_faults += len(faults)
            print("{:<24} {:>7} {:>7} {:>14} {:>10} {:>12}".format(target, *row(kernels)))
            for fault in faults[:20]:
                print(f"  {fault}")
    for target in sorted(missing):
        print(f"{target}: not in the bundle")
    print(f"{len(objects)} targets, {len(expected)} kernels each, {n_faults} faults")
    return 1 if n_faults or not objects or not expected else 0


if __name__ == "__main__":
    sys.exit(main())
