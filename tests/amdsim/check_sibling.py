#!/usr/bin/env python3
"""Runs the program on a card whose code it makes from that of a sibling: the bytes that it hands over must be those that
the compiler makes for the card, and the tensors of a model the same as on the CPU.

Usage: check_sibling.py PROGRAM LIBRARIES MODEL TARGET SOURCE COMPILER [ARGUMENT...]
  LIBRARIES  the folder with the stand-in for libamdhip64.so"""

import os
import pathlib
import subprocess
import sys
import tempfile


def main(program, libraries, model, target, source, *command):
    with tempfile.TemporaryDirectory() as folder:
        used, compiled = pathlib.Path(folder) / "used.co", pathlib.Path(folder) / "compiled.co"
        env = {name: value for name, value in os.environ.items() if not name.startswith("DQ_AMD_")}
        env.pop("GGUF_DQ_HSACO", None)
        env.update(DQ_AMD_TARGET=target, DQ_AMD_CODE=str(used), DQ_AMD_LEAKS="1", LD_LIBRARY_PATH=libraries)
        verified = subprocess.run([program, "verify", "--device", "hip", model], env=env)
        subprocess.run([*command, source, "-o", compiled], check=True)
        a, b = used.read_bytes(), compiled.read_bytes()
    differing = [i for i, (x, y) in enumerate(zip(a, b)) if x != y]
    print(f"{target}: {len(a)} bytes used, {len(b)} compiled, {len(differing)} differ"
          + "".join(f" 0x{i:x}" for i in differing[:20]))
    return 0 if verified.returncode == 0 and a == b and a else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
