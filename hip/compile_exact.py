#!/usr/bin/env python3
"""Compiles a code object for AMD cards, and refuses it if its machine code could compute other weights than
the source says: compilers fuse a product with a sum or with the conversion of its result, which rounds once where
twice is meant and loses the sign of zero, and results cannot always show it.

Usage: compile_exact.py OBJDUMP OUTPUT COMPILER [ARGUMENT...]
  OBJDUMP   llvm-objdump of the compiler's release, which knows its targets
  OUTPUT    is added to the command, and removed if it is refused"""

import collections
import pathlib
import re
import subprocess
import sys

# Multiply-adds of floating-point numbers by any name: v_fma_f32, v_fmac_f16, v_mac_f32, v_madak_f32,
# v_mad_mix_f32, v_fma_mixlo_f16, v_pk_fma_f32, v_dual_fmac_f32, s_fmac_f32, v_dot2_f32_f16, v_mfma_f32_..., v_div_fmas_f32.
FUSED = re.compile(r"[sv]_(dual_|pk_|s?mfma|s?wmma)?(fma|mfma|wmma|mac_|mad|dot|div_fmas)")

# Those of integers are exact: v_mad_u32_u24, v_mad_i32_i24, v_mad_u64_u32, v_mad_co_u64_u32, v_mad_u16,
# v_pk_mad_i16, v_dot4_i32_i8.
INTEGER = re.compile(r"_[ui](16|24|32|64)(_|$)")

# Results that are not the nearest number, and changes of how numbers are rounded.
INEXACT = re.compile(r"v_(rcp|rsq|sqrt|exp|log|div_|\w*legacy|cvt_pk_?rtz|cvt_\w*_sr_)|"
                     r"[sv]_cvt_pk_?rtz|s_setreg|s_denorm_mode|s_round_mode")
MODIFIER = re.compile(r"\b(clamp|mul:[24]|div:2)\b")

ADVICE = """\
The kernels of this object would give other weights than the CPU, so it is not built. Another compiler may not
do this: install clang 19 or later with its lld and llvm, or leave the target out of -Dhip_targets; -Dhip=disabled
builds without AMD kernels. dq_f16_of in hip/rt.h says how conversions are kept apart."""


def instruction_faults(text):
    """Yields what is wrong with an instruction as llvm-objdump prints it, which may be two operations."""
    for name in re.findall(r"(?:^|:: )(\w+)", text):
        if FUSED.match(name) and not INTEGER.search(name):
            yield f"fused: {text}"
        elif INEXACT.match(name):
            yield f"rounds or changes a mode: {text}"
        elif re.search(r"_f(16|32|64)", name) and MODIFIER.search(text):
            yield f"modifies its result: {text}"


def listing_faults(listing):
    """Yields (symbol, fault) for the output of llvm-objdump -d; counts its instructions."""
    symbol, n_instructions = "?", 0
    for line in listing.splitlines():
        label = re.match(r"[0-9a-f]+ <(.+)>:", line)
        if label:
            symbol = label[1]
        elif line.startswith("\t"):
            n_instructions += 1
            for fault in instruction_faults(line.split("//")[0].strip()):
                yield symbol, fault
    if n_instructions == 0:
        yield symbol, "the disassembler shows no instructions"


def main(objdump, output, *command):
    compiled = subprocess.run([*command, "-o", output]).returncode
    if compiled != 0:
        return compiled
    listed = subprocess.run([objdump, "-d", output], stdout=subprocess.PIPE, text=True)
    faults = list(listing_faults(listed.stdout))
    if listed.returncode == 0 and not faults:
        return 0
    pathlib.Path(output).unlink()
    if listed.returncode != 0:
        print(f"{output}: {objdump} cannot disassemble it", file=sys.stderr)
        return 1
    by_symbol = collections.defaultdict(list)
    for symbol, fault in faults:
        by_symbol[symbol].append(fault)
    for symbol, found in list(by_symbol.items())[:10]:
        print(f"{output}: {symbol}: {found[0]}"
              + (f" and {len(found) - 1} more" if found[1:] else ""), file=sys.stderr)
    print(f"{output}: {len(faults)} instructions in {len(by_symbol)} kernels.\n{ADVICE}",
          file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
