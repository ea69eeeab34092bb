"""Checks that the program is hardened: position-independent, no memory both writable and executable,
function tables read-only after start (RELRO), and libc's checked functions (fortified).

Usage: check_elf.py READELF PROGRAM [--fortified]
"""

import re
import subprocess
import sys


def read(readelf, option, program):
    return subprocess.run(
        [readelf, "--wide", option, program], check=True, capture_output=True, text=True,
        env={"LC_ALL": "C"}).stdout


def faults(readelf, program, fortified):
    header = read(readelf, "--file-header", program)
    segments = read(readelf, "--program-headers", program)
    dynamic = read(readelf, "--dynamic", program)
    symbols = read(readelf, "--dyn-syms", program)
    # "  LOAD  OFFSET  ADDRESS  ADDRESS  LENGTH  LENGTH  R E  ALIGNMENT"
    flags = {}
    for kind, words in re.findall(r"^  (\w+) +(?:0x[0-9a-f]+ +){5}([RWE ]{3})", segments, re.M):
        flags.setdefault(kind, []).append(words)

    if not flags.get("LOAD"):
        yield "no segments are found: readelf prints something else than this test knows"
    if not re.search(r"Type: +DYN", header) or not re.search(r"\(FLAGS_1\).*\bPIE\b", dynamic):
        yield "it is not position-independent"
    if re.search(r"\(TEXTREL\)|\bTEXTREL\b", dynamic):
        yield "the loader has to write into its code"
    if "GNU_RELRO" not in flags:
        yield "its tables stay writable: no RELRO"
    if not re.search(r"\(FLAGS\).*\bBIND_NOW\b|\(FLAGS_1\).*\bNOW\b", dynamic):
        yield "its functions are bound late: no BIND_NOW"
    if flags.get("GNU_STACK") != ["RW "]:
        yield f"its stack is {flags.get('GNU_STACK')}, not read and write"
    for words in flags.get("LOAD", []):
        if "W" in words and "E" in words:
            yield "a segment can be written and executed"
    if "__stack_chk_fail" not in symbols:
        yield "its stack is not protected: no __stack_chk_fail"
    if fortified and not {"__snprintf_chk", "__fprintf_chk"} <= set(
            re.findall(r"\b__\w+_chk\b", symbols)):
        yield "its calls of libc are not checked: no __snprintf_chk, __fprintf_chk"


def main():
    readelf, program, *options = sys.argv[1:]
    found = list(faults(readelf, program, "--fortified" in options))
    for fault in found:
        print(f"{program}: {fault}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
