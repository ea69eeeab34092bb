#!/usr/bin/env python3
"""Flips single bits of instructions of shipped kernels, and fails unless the interpreter finds each
such mutant, or there is a reason why it cannot be found.

For each kind of instruction in the kernels, every bit is flipped once, in instances spread over
them. A mutant that disassembles to the same text does not count. REASONS must cover each survivor;
survivors are listed with their reasons."""

import argparse
import collections
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import os

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "gpu"))

import code_object  # noqa: E402

KERNELS = ["dq_q8_0_f32", "dq_q4_k_f32", "dq_iq3_s_f32", "dq_mxfp4_f32"]

# Of this one, the instructions that make f16 of f32.
NARROW_KERNEL = "dq_q8_0_f16"
NARROW = re.compile(r"v_(cvt_f16|cvt_pk|pack|perm|max|lshl_or|and_or)")

# Why a mutant may survive: what run_code prints for it, and a pattern of "before -> after". "The same
# registers": after the instruction, all waves have the same values in all registers. "Not needed": the
# kernel gives the right result without the instruction.
SAME = "survived: the same registers"
NOT_NEEDED = "survived: not needed"
HINT = r"s_(clause|delay_alu|nop|set_inst_prefetch_distance|sendmsg|endpgm)\b[^;]*"
CACHE = r"( (glc|slc|dlc|nt|sc0|sc1|th:\S+|scope:\S+))*"
REASONS = [
    ("is about time, or hazards, which are not played", None, HINT + " -> " + HINT),
    ("is about caches alone", None, rf"(?P<text>.*?){CACHE} -> (?P=text){CACHE}"),
    ("computes the same from all that comes up", SAME, r"(?!s_wait).*"),
    ("skips what no lane takes part in", NOT_NEEDED, "s_cbranch_execz .*"),
    ("is about time, or hazards, which are not played", NOT_NEEDED, HINT + " -> .*"),
    ("adds to the upper half of an address what is 0 if a grid has less than 2^32 threads",
     NOT_NEEDED, r"v_mad_(u64_u32|u32_u24) .*"),
    ("puts the upper half of an address where it is, if a grid has less than 2^32 threads", None,
     r"v_dual_mov_b32 v\d+, (\S+) :: (.*) -> v_dual_mov_b32 v\d+, \1 :: \2"),
    ("leaves the upper half of a number where it was, which is 0 if a grid has less than 2^32 threads",
     NOT_NEEDED, r"v_lshrrev_b32_e32 (v\d+), (\d+), \1 -> v_lshrrev_b32_e32 v\d+, \2, \1"),
    ("keeps a register as it is", NOT_NEEDED, r"v_bfe_i32 (v\d+), \1, 0, 16 -> .*"),
    ("keeps a register as it is", NOT_NEEDED, r"v_perm_b32 (v\d+), v\d+, \1, (0x6050400|s\d+) -> .*"),
    ("picks another byte that is 0", None,
     r"s_mov_b32 (s\d+), 0x6050400 -> s_mov_b32 \1, 0x7050400"),
    ("has the sign where no bit is used", None,
     r"v_lshrrev_b32_e32 (v\d+), 5, (v\d+) -> v_ashrrev_i32_e32 \1, 5, \2"),
    ("its carry is not used", None, r"(v_mad_u64_u32 v\S+), \S+, (.*) -> \1, \S+, \2"),
    ("has no carry: no field of a block comes to lie across a multiple of 2^32", None,
     r"(v_add_co_u32 v\d+), \S+, (.*) -> \1, \S+, \2"),
    ("the old EXEC is not needed again", None,
     r"s_and_saveexec_b(32|64) \S+, (\w+?)(_lo)? -> s_and_saveexec_b(32|64) \S+, \2(_lo)?"),
    ("EXEC is set to that by the next instruction", None, r"v_cmp_(.*) -> v_cmpx_\1"),
    ("writes one more register, which is not in use", None,
     r"(s_and|s_mov)_b32 s(\d+), (?:s\d+, )?(\S+) -> \1_b64 s\[\2:\d+\], (?:s\[.*\], )?\3"),
    ("loads more registers, which are not in use", None,
     r"s_load_b(?:32|64|128) s\[?(\d+)\S*, (.*) -> s_load_b\d+ s\[\1:\d+\], \2"),
    ("only the low half of what it loads is used", None,
     r"global_load_(ushort|u16) (.*) -> global_load_(sshort|i16) \2"),
    ("only the low byte of what it loads is used", None,
     r"global_load_(ubyte|u8) (.*) -> global_load_(ushort|dword|u16|b32) \2"),
    ("takes more of a word than the byte that is used", None,
     r"v_and_b32_e32 (v\d+), 0xff0+, (v\d+) -> v_\w+ \1, 0x\w+, \2"),
    ("takes more of a word than the byte that is used", None,
     r"(v_bfe_u32 v\d+, v\d+, 8), 8 -> \1, 9"),
    ("lets a bit through that is set next or cannot be set", None,
     r"(v_and_b32_e32 v\d+|s_mov_b32 s\d+), 0x4040404(.*) -> \1, 0x(4060404|6040404|84040404)\2"),
    ("lets a bit through that cannot be set", None,
     r"s_movk_i32 (s\d+), 0x100 -> s_movk_i32 \1, 0x1\w\w"),
    ("the low byte of that address happens to be the same", None,
     r"(v_and_or_b32 v\d+, v\d+, 30), 1 -> \1, s1"),
    ("is a distance, which counts modulo 32", None,
     r"((?:.* :: )?v_(?:dual_)?and_b32\w* v\d+), 4, (v\d+) -> \1, 36, \2"),
]

# The bytes of a mutant to disassemble: its instruction and those that follow, where the listing soon
# is in step again, then s_nop in case the last instruction extends past the end.
FOLLOWING = 32
FILL = b"\0\0\x80\xbf" * 4
WINDOW = FOLLOWING + len(FILL)
AT_ONCE = 128

Mutant = collections.namedtuple("Mutant", "kernel offset bit before after end")


def choose(kernels):
    """Returns [(kernel, instruction, bit)]: each bit of each mnemonic and length once."""
    kinds = collections.defaultdict(list)
    for name in KERNELS + [NARROW_KERNEL]:
        for instruction in kernels[name].code:
            mnemonic = instruction.text.split()[0]
            if name != NARROW_KERNEL or NARROW.match(mnemonic):
                kinds[mnemonic, instruction.length].append((kernels[name], instruction))
    return [(*instances[bit * 7 % len(instances)], bit) for instances in kinds.values()
            for bit in range(8 * instances[0][1].length)]


def wrap(code, elf):
    """Returns an object file for the same target with nothing but this code."""
    names = b"\0.text\0.shstrtab\0"
    at_names = 64 + len(code)
    at_table = -(-(at_names + len(names)) // 8) * 8
    header = bytearray(elf[:64])
    struct.pack_into("<H", header, 16, 1)  # ET_REL
    struct.pack_into("<QQQ", header, 24, 0, 0, at_table)
    struct.pack_into("<HHH", header, 54, 0, 0, 64)
    struct.pack_into("<HH", header, 60, 3, 2)
    table = bytes(64)
    table += struct.pack("<IIQQQQIIQQ", 1, 1, 6, 0, 64, len(code), 0, 0, 4, 0)
    table += struct.pack("<IIQQQQIIQQ", 7, 3, 0, 0, at_names, len(names), 0, 0, 1, 0)
    return bytes(header) + code + names.ljust(at_table - at_names, b"\0") + table


def decode(windows, elf, objdump):
    """Returns what is decoded of each window."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(wrap(b"".join(windows), elf))
        file.flush()
        done = subprocess.run([objdump, "-d", file.name], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    if done.returncode < 0:  # some releases of it crash over some of what is no instruction
        if len(windows) == 1:
            return [[code_object.Instruction(0, WINDOW, "cannot be decoded")]]
        half = len(windows) // 2
        return decode(windows[:half], elf, objdump) + decode(windows[half:], elf, objdump)
    decoded = [[] for _ in windows]
    for i in code_object.instructions(done.stdout)[".text"]:
        decoded[i.address // WINDOW].append(i._replace(address=i.address % WINDOW))
    return decoded


def make_mutants(chosen, elf, objdump):
    symbols = code_object.symbols(elf)
    windows = []
    for kernel, instruction, bit in chosen:
        offset = instruction.address - kernel.code[0].address
        code = bytearray(symbols[kernel.name][offset:offset + FOLLOWING].ljust(FOLLOWING, FILL[:1]))
        code[bit // 8] ^= 1 << bit % 8
        windows.append(bytes(code) + FILL)
    decoded = []
    for i in range(0, len(windows), AT_ONCE):
        decoded += decode(windows[i:i + AT_ONCE], elf, objdump)
    return [mutant_of(*choice, found) for choice, found in zip(chosen, decoded)]


def mutant_of(kernel, instruction, bit, decoded):
    """The new instructions go up to where one of the kernel begins again."""
    first = instruction.address - kernel.code[0].address
    starts = {i.address - kernel.code[0].address for i in kernel.code}
    after, end = [], first
    for found in decoded:
        after.append((first + found.address, found.text))
        end = first + found.address + found.length
        if end in starts:
            break
    return Mutant(kernel.name, first, bit, instruction.text, after, end)


def run_all(mutants, run_code, path, target):
    """Returns what is said of each."""
    lines = []
    for m in mutants:
        parts = [m.kernel, f"{m.offset:x}", f"{m.end:x}"]
        for offset, text in m.after:
            parts += [f"{offset:x}", text]
        lines.append("\t".join(parts) + "\n")
    done = subprocess.run([run_code, path, target, "--variants"], input="".join(lines), check=True,
                          stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines()


def counts(text):
    """Returns {counter: what is waited for}, of one of the instructions that wait."""
    found = re.findall(r"(\w+cnt)\((\d+)\)", text) or re.findall(r"s_wait_(\w+) (\w+)", text)
    return {name: int(number, 0) for name, number in found}


def waits_for_more(before, after):
    old, new = counts(before), counts(after)
    return (before.startswith("s_wait") and after.startswith("s_wait")
            and all(new.get(name, 1000) <= number for name, number in old.items()))


def reason_of(mutant, said):
    """Returns why the mutant may survive, or None."""
    after = "; ".join(text for _, text in mutant.after)
    if waits_for_more(mutant.before, after):
        return "waits for at least as much"
    for reason, wanted, pattern in REASONS:
        if wanted in (None, said) and re.fullmatch(pattern, f"{mutant.before} -> {after}"):
            return reason
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run-code", required=True)
    parser.add_argument("--objdump", default="llvm-objdump")
    parser.add_argument("--readelf", default="llvm-readelf")
    parser.add_argument("bundle", type=pathlib.Path)
    parser.add_argument("target")
    args = parser.parse_args()
    elf = code_object.split(args.bundle)[args.target]

    with tempfile.TemporaryDirectory() as folder:
        kernels = code_object.kernels(elf, args.target, pathlib.Path(folder), args.objdump,
                                      args.readelf)
    made = make_mutants(choose(kernels), elf, args.objdump)
    mutants = [m for m in made if [text for _, text in m.after] != [m.before]]
    said = run_all(mutants, args.run_code, args.bundle, args.target)
    survivors = [(m, s, reason_of(m, s)) for m, s in zip(mutants, said)
                 if s.startswith("survived")]
    unexplained = [m for m, _, reason in survivors if reason is None]

    for m, what, reason in survivors:
        print(f"{m.kernel}+0x{m.offset:x}, bit {m.bit}: {m.before} -> "
              f"{'; '.join(text for _, text in m.after)}: "
              f"{reason or 'NOT EXPLAINED (' + what + ')'}")
    kinds = collections.Counter(reason for _, _, reason in survivors if reason)
    for reason, count in kinds.most_common():
        print(f"{count:>5} {reason}")
    print(f"{args.target}: {len(made)} bits flipped, {len(made) - len(mutants)} without effect on"
          f" the text, {len(mutants) - len(survivors)} caught, {len(survivors)} survived,"
          f" {len(unexplained)} of them not explained")
    return 1 if unexplained or len(said) != len(mutants) or not mutants else 0


if __name__ == "__main__":
    sys.exit(main())
