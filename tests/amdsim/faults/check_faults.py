#!/usr/bin/env python3
"""Plants faults in kernels (faulty.hip), and fails unless each is found and named.

For each row of the table, it builds the kernels with the fault, runs them in the interpreter, and
reads their machine code as check_disassembly.py reads that of the shipped ones. A fault that both
can see must be seen by both. Without a fault, neither may report anything."""

import argparse
import collections
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "gpu"))

import check_disassembly  # noqa: E402
import code_object  # noqa: E402

# What must be said: when the code runs, and when it is read; None: nothing. Flags come after those
# of the shipped kernels, and so win.
Row = collections.namedtuple("Row", "fault flags run read")
PAST_END = r"\d+ bytes behind the end of the "
ROWS = [
    Row("none", [], None, None),
    Row("reads_next_block", [], r"dq_q8_0_f32\S+ global_load.*" + PAST_END + "blocks", None),
    Row("writes_next_block", [], r"dq_q8_0_f16\S+ global_store.*" + PAST_END + "weights", None),
    Row("no_bounds_check", [], r"dq_q4_k_f16\S+ global_load.*" + PAST_END + "blocks", None),
    Row("reads_unwritten_memory", [], r"dq_q4_k_f32\S+ global_load.*byte 0 of the weights, which"
        " was never written", None),
    Row("writes_constant_memory", [], r"dq_q8_0_f32\S+ global_store.*byte 0 of the blocks, which is"
        " constant", None),
    Row("reads_unwritten_register", [], r"dq_q4_k_f16\S+ global_store.*: what lane 0 stores"
        " depends on a register that was never written", None),
    Row("no_wait_for_vector", [], r"dq_q8_0_f16\S+ v_mov_b32_e32 (v\d+), \1: \1 is used before its"
        " load was waited for", None),
    Row("no_wait_for_scalar", [], r"dq_q8_0_f16\S+ s_mov_b32 (s\d+), \1: scalar register \d+ is"
        " used before its load was waited for", None),
    Row("index_of_32_bits", [], r"dq_q8_0_f32\S+ global_load.*byte \d+ of the blocks, which was"
        " never written", None),
    Row("wave_of_32", [], r"dq_q8_0_f32\S+ global_load.*" + PAST_END + "blocks", None),
    Row("wrong_shift", [], r"dq_q4_k_f32: \d+ of \d+ weights differ", None),
    Row("wrong_block", [], r"dq_q4_k_f32\S+ global_load.*, outside of all", None),
    Row("wrong_half", [], r"dq_q4_k_f32: \d+ of \d+ weights differ", None),
    Row("truncates_f16", [], r"dq_q8_0_f16: \d+ of \d+ weights differ", None),
    Row("keeps_payload", [], r"dq_bf16_f32: weight 1 is not the NaN that it should be", None),
    Row("forgets_overflow", [], r"dq_q8_0_f16: .* the word for overflows is deadbeef, expected 1",
        None),
    Row("uses_scratch", [], r"dq_q8_0_f32: uses LDS or scratch memory", r"\d+ bytes of scratch"),
    Row("uses_many_registers", [], None, r"\d of \d+ waves, with 128 VGPRs"),
    Row("loads_bytes", [], None, r"loads 1 and 1 bytes at \S+ \w+, offset 0, of blocks aligned to"),
    Row("stores_words", [], None, "no store of 16 bytes"),
    # Faults of the flags.
    Row("none", ["-fgpu-flush-denormals-to-zero"],
        r"dq_q8_k_f32: .* 0x[08]0000000, expected 0x[08]0[0-7]\w+", "float mode 0xc0"),
    Row("none", ["-ffp-contract=fast"],
        r"dq_q4_k_f32\S+ v_(pk_|dual_)?fma\w+.*: unknown instruction", r"fused: v_(pk_|dual_)?fma"),
]

# On waves of 32 this is no fault.
ONLY_WAVE64 = {"wave_of_32"}


def build(command, source, row, path):
    subprocess.run([*command, "-DFAULT=" + row.fault, *row.flags, source, "-o", path], check=True,
                   env={**os.environ, "TMPDIR": str(pathlib.Path(path).parent)})


def said_by_run(run_code, path, target):
    """Returns the faults that running finds, and whether the exit status says the same."""
    done = subprocess.run([run_code, path, target], stdout=subprocess.PIPE, text=True)
    lines = done.stdout.splitlines()
    if not lines or not lines[-1].startswith(target + ": ") or done.returncode not in (0, 1):
        return [f"no summary, exit status {done.returncode}"]
    if (done.returncode == 1) != bool(lines[:-1]):
        lines.append(f"exit status {done.returncode}")
    return [line for line in lines if not line.startswith(target + ": ")]


def said_by_reading(path, target, args):
    """Returns the faults that are to be seen in the code."""
    with tempfile.TemporaryDirectory() as folder:
        kernels = code_object.kernels(path.read_bytes(), target, pathlib.Path(folder), args.objdump,
                                      args.readelf)
    expected = check_disassembly.expected_kernels(args.types)
    return check_disassembly.check_target(kernels, {name: expected[name] for name in kernels})


def found(lines, pattern):
    """Whether the lines hold what they must, and the line that does."""
    if pattern is None:
        return not lines, lines[0] if lines else "-"
    for line in lines:
        if re.search(pattern, line):
            return True, line
    return False, lines[0] if lines else "nothing"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run-code", required=True)
    parser.add_argument("--types", type=pathlib.Path, required=True, help="src/type/types.def")
    parser.add_argument("--objdump", default="llvm-objdump")
    parser.add_argument("--readelf", default="llvm-readelf")
    parser.add_argument("target")
    parser.add_argument("command", nargs="+", help="how to compile for the target")
    args = parser.parse_args()
    source = pathlib.Path(__file__).with_name("faulty.hip")
    n_missed = 0

    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / f"{args.target}.co"
        for row in ROWS:
            build(args.command, source, row, path)
            ran = said_by_run(args.run_code, path, args.target)
            read = said_by_reading(path, args.target, args)
            wave = 32 if args.target >= "gfx1" and len(args.target) == 7 else 64
            no_fault = row.fault in ONLY_WAVE64 and wave == 32
            for how, lines, pattern in ("run", ran, row.run), ("read", read, row.read):
                is_right, line = found(lines, None if no_fault else pattern)
                n_missed += not is_right
                if pattern or not is_right:
                    print(f"{'ok' if is_right else 'MISSED':<6} {' '.join([row.fault, *row.flags])}"
                          f" ({how}): {line}")
    print(f"{args.target}: {len(ROWS)} kinds of kernels, {n_missed} not as expected")
    return 1 if n_missed else 0


if __name__ == "__main__":
    sys.exit(main())
