#!/usr/bin/env python3
"""Prints what the AMD code objects of a bundle say about the kernels: a table for each target and a
summary of all.

Waves: how many a SIMD holds at a time, of its maximum. Loads and stores: vector instructions in
the code, by their width in bytes. A 16-byte store is 4 weights as f32 and 8 as f16 or bf16. In
kernels of types without blocks, narrower stores write the last weights of a tensor; 4-byte stores
also write the overflow flag."""

import argparse
import collections
import fnmatch
import pathlib
import sys
import tempfile

import code_object

LOADS = (1, 2, 4, 8, 16)
STORES = (2, 4, 8, 16)


def by_width(counts, widths):
    return " ".join(f"{counts[w] or '-':>4}" for w in widths)


def spread(numbers):
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low}-{high}"


def print_table(target, kernels):
    simd = code_object.simd_of(target)
    print(f"{target}: wave{kernels[0].wave}, {simd.waves} waves at most; loads and stores by bytes")
    print(f"  {'kernel':<18} {'VGPRs':>5} {'SGPRs':>5} {'waves':>5} {'scratch':>7} {'LDS':>5}"
          f" {'code':>6} | {by_width(dict(zip(LOADS, LOADS)), LOADS)}"
          f" | {by_width(dict(zip(STORES, STORES)), STORES)} | loads/weight")
    for k in kernels:
        loads, stores = k.widths(False), k.widths(True)
        print(f"  {k.name:<18} {k.vgprs:>5} {k.sgprs:>5} {k.occupancy()[0]:>5} {k.scratch:>7}"
              f" {k.lds:>5} {k.code_len:>6} | {by_width(loads, LOADS)}"
              f" | {by_width(stores, STORES)} | {sum(loads.values()) / k.weights():>12.3f}")
    print()


def summary(target, kernels):
    loads, stores = collections.Counter(), collections.Counter()
    for k in kernels:
        loads.update(k.widths(False))
        stores.update(k.widths(True))
    waves = spread([k.occupancy()[0] for k in kernels])
    weights = sum(k.weights() for k in kernels)
    return (f"{target:<8} {len(kernels):>7} {kernels[0].wave:>4}"
            f" {spread([k.vgprs for k in kernels]):>6} {spread([k.sgprs for k in kernels]):>6}"
            f" {waves + ' of ' + str(code_object.simd_of(target).waves):>10}"
            f" {sum(k.scratch for k in kernels):>7} {sum(k.lds for k in kernels):>4}"
            f" {sum(k.code_len for k in kernels):>7} | {by_width(loads, LOADS)}"
            f" | {by_width(stores, STORES)} | {sum(loads.values()) / weights:>12.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=pathlib.Path)
    parser.add_argument("--objdump", default="llvm-objdump")
    parser.add_argument("--readelf", default="llvm-readelf")
    parser.add_argument("--kernels", default="*", help="only these, as a pattern")
    args = parser.parse_args()
    lines = []

    with tempfile.TemporaryDirectory() as folder:
        for target, elf in sorted(code_object.split(args.bundle).items(),
                                  key=lambda item: (len(item[0]), item[0])):
            found = code_object.kernels(elf, target, pathlib.Path(folder), args.objdump,
                                        args.readelf)
            kernels = [found[n] for n in sorted(found) if fnmatch.fnmatch(n, args.kernels)]
            if kernels:
                print_table(target, kernels)
                lines.append(summary(target, kernels))
    print("All kernels; scratch, LDS, code, loads and stores are sums")
    print(f"{'target':<8} {'kernels':>7} {'wave':>4} {'VGPRs':>6} {'SGPRs':>6} {'waves':>10}"
          f" {'scratch':>7} {'LDS':>4} {'code':>7}"
          f" | {by_width(dict(zip(LOADS, LOADS)), LOADS)}"
          f" | {by_width(dict(zip(STORES, STORES)), STORES)} | loads/weight")
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
