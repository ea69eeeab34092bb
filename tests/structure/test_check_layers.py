#!/usr/bin/env python3
"""Shows that check_layers.py and check_circles.py can fail: breaks a copy of the tree in each way.

Usage: test_check_layers.py PROJECT CC NM
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
LOWEST = "may_use += {'base': ["

# What is broken, the files that are written (or, with a pair, the text that is replaced in one), and
# the line of the report that must follow.
BREAKS = [
    ("a forbidden include", {"src/base/probe.h": '#include "cli/args.h"\n'},
     "src/base/probe.h:1: base may not include cli/args.h"),
    ("a folder that uses a higher one", {"src/base/meson.build": (LOWEST, LOWEST + "'cli'")},
     "src/base/meson.build: cli is not a lower layer in src/meson.build"),
    ("a folder that uses one that does not exist",
     {"src/base/meson.build": (LOWEST, LOWEST + "'attic'")},
     "src/base/meson.build: attic is not a lower layer in src/meson.build"),
    ("a folder without a rule", {"src/base/meson.build": (LOWEST, "other += {'base': [")},
     "src/base/meson.build: needs one line may_use += {'base': [...]}"),
    ("headers that include one another",
     {"src/base/probe_a.h": '#include "base/probe_b.h"\n',
      "src/base/probe_b.h": ' # include "base/probe_a.h"\n'},
     "headers include one another: base/probe_a.h -> base/probe_b.h -> base/probe_a.h"),
    ("a file that is not listed", {"src/base/probe.c": '#include "base/err.h"\n'},
     "src/base/probe.c: not listed in its meson.build"),
    ("a folder that is not entered", {"src/attic/probe.h": "\n"},
     "src/attic/probe.h: not in a folder that src/meson.build enters"),
    ("an include that names no folder", {"src/base/probe.h": '#include "err.h"\n'},
     "src/base/probe.h:1: no file src/err.h"),
    ("device code that includes the program's", {"hip/probe.h": '#include "base/err.h"\n'},
     "hip/probe.h:1: hip may not include base/err.h"),
]

# Sources for check_circles.py: a.c needs b.c, and in the second set b.c needs a.c as well.
CHAIN = {"a.c": "int b(int); int a(int x); int a(int x) { return b(x); }\n",
         "b.c": "int b(int x); int b(int x) { return x; }\n"}
CIRCLE = {**CHAIN, "b.c": "int a(int); int b(int x); int b(int x) { return x ? a(x - 1) : 0; }\n"}


def run(script, *arguments):
    """Returns the exit status and the lines of one of the scripts."""
    result = subprocess.run([sys.executable, HERE / script, *arguments], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return result.returncode, result.stdout.splitlines()


def try_layers(tree, files):
    """Returns what check_layers.py says of a tree with changes, which are undone afterwards."""
    before = {}
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(exist_ok=True)
        before[path] = path.read_text() if path.exists() else None
        if isinstance(text, tuple):
            assert text[0] in before[path], f"{name} has no {text[0]!r}"
            text = before[path].replace(*text)
        path.write_text(text)
    result = run("check_layers.py", tree, "--modules")
    for path, text in before.items():
        path.unlink() if text is None else path.write_text(text)
    return result


def try_circles(scratch, cc, nm, sources):
    """Returns what check_circles.py says of objects made from sources."""
    objects = []
    for name, text in sources.items():
        (scratch / name).write_text(text)
        objects.append(scratch / f"{name}.o")
        subprocess.run([*cc.split(), "-c", "-o", objects[-1], scratch / name], check=True)
    return run("check_circles.py", nm, *objects)


def main():
    project, cc, nm = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    n_wrong = 0

    def expect(what, condition, report):
        nonlocal n_wrong
        if not condition:
            n_wrong += 1
            print(f"{what} was not judged right:", *report, sep="\n    ")

    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        for name in ("src", "hip"):
            shutil.copytree(project / name, scratch / name)
        _, before = try_layers(scratch, {})
        for what, files, line in BREAKS:
            status, report = try_layers(scratch, files)
            expect(what, status == 1 and line in report and line not in before, report)
        status, report = try_circles(scratch, cc, nm, CHAIN)
        expect("a chain", status == 0, report)
        status, report = try_circles(scratch, cc, nm, CIRCLE)
        expect("a circle", status == 1 and "  b.c needs a of a.c" in report, report)
    print(f"{len(BREAKS) + 2} trees tried, {n_wrong} judged wrongly")
    return 1 if n_wrong else 0


if __name__ == "__main__":
    sys.exit(main())
