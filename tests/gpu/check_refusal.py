#!/usr/bin/env python3
"""Fails unless hip/compile_exact.py refuses objects with fused operations of floating-point numbers, says where
they are, and leaves no file behind; and unless it makes objects with those of integers.

Usage: check_refusal.py COMPILE_EXACT OBJDUMP SOURCE COMPILER [ARGUMENT...]"""

import pathlib
import re
import subprocess
import sys
import tempfile


def build(compile_exact, objdump, output, *command):
    done = subprocess.run([sys.executable, compile_exact, objdump, str(output), *command],
                          stderr=subprocess.PIPE, text=True)
    return done.returncode, output.exists(), done.stderr


def main(compile_exact, objdump, source, *command):
    n_faults = 0

    def expect(what, is_right, said):
        nonlocal n_faults
        n_faults += not is_right
        print(f"{'ok' if is_right else 'WRONG':<6} {what}: {said.splitlines()[:1]}")

    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "made.co"
        for kind in "F32", "F16":
            status, is_made, said = build(compile_exact, objdump, path, *command, f"-DFUSED_{kind}", source)
            named = re.search(rf"^{path}: fused_{kind.lower()}: fused: [sv]_\w+ .*$", said, re.M)
            expect(f"fused {kind}", status == 1 and not is_made and named and "integers" not in said
                   and "-Dhip_targets" in said, said)
        status, is_made, said = build(compile_exact, objdump, path, *command, source)
        expect("integers", status == 0 and is_made and not said, said)
        listing = subprocess.run([objdump, "-d", path], stdout=subprocess.PIPE, text=True).stdout
        expect("integers are fused at all", re.search(r"\bv_mad_\w*[iu]\d", listing), "")
        path.unlink()
        status, is_made, said = build(compile_exact, objdump, path, *command, "-no-such-option", source)
        expect("what does not compile", status != 0 and not is_made, said)
        status, is_made, said = build(compile_exact, "false", path, *command, source)
        expect("no disassembler", status == 1 and not is_made and "cannot disassemble" in said, said)
    return 1 if n_faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
