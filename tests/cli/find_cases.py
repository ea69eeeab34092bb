#!/usr/bin/env python3
"""Finds the command-line cases, which are scripts NAME.sh, and what meson must know about each.

Usage: find_cases.py LIST FOLDER [PREFIX]           print one line per case; write the lines to LIST
       find_cases.py --check LIST FOLDER [PREFIX]   exit 1 if LIST is out of date, or if there is an
                                                    expected output without a case

Cases lie in the folders inside FOLDER and are named FOLDER/NAME; tools/ holds what they share. With
a PREFIX, they lie in FOLDER itself and are named PREFIX/NAME.

A line is `NAME SCRIPT TIMEOUT WORDS`: SCRIPT is a path inside FOLDER, TIMEOUT is in seconds, and
WORDS, separated by commas, come from the second line of the script, if it is `# meson: WORD...`:

    gpu            runs gguf-dq-host, which has a GPU that the host simulates
    sandbox        needs a program built with Landlock and seccomp
    unsanitized    cannot run on a program built with a sanitizer
    slow           is left out by `meson test --no-suite slow`
    valgrind       is one of the cases that .ci/run repeats under valgrind
    threads        is one of the cases that .ci/run repeats under ThreadSanitizer
    timeout=N      may take N seconds, instead of 240
"""

import pathlib
import sys

WORDS = {"gpu", "sandbox", "unsanitized", "slow", "valgrind", "threads"}
EXPECTED = (".stdout", ".stderr", ".stderr.glob", ".exit")


def properties(script):
    """Returns the timeout and the words of a case."""
    timeout = 240
    words = []
    lines = script.read_text().split("\n")
    mark = "# meson:"
    if len(lines) > 1 and lines[1].startswith(mark):
        for word in lines[1][len(mark):].split():
            if word.startswith("timeout="):
                timeout = int(word[len("timeout="):])
            elif word in WORDS:
                words.append(word)
            else:
                sys.exit(f"{script}: unknown word {word!r} after `{mark}`")
    if any(line.startswith(mark) for line in lines[2:]):
        sys.exit(f"{script}: `{mark}` has to be on the second line")
    return timeout, words


def case_folders(root, prefix):
    """Returns the folders that hold cases, each with the first part of their names."""
    if prefix:
        return [(root, prefix)]
    return [(path, path.name) for path in sorted(root.iterdir())
            if path.is_dir() and path.name not in ("tools", "__pycache__")]


def find_cases(root, prefix):
    """Returns the lines that describe all cases."""
    lines = []
    for folder, first in case_folders(root, prefix):
        for script in sorted(folder.glob("*.sh")):
            timeout, words = properties(script)
            lines.append(f"{first}/{script.stem} {script.relative_to(root)} {timeout} "
                         f"{','.join(words)}".rstrip())
    return lines


def find_strays(root, prefix):
    """Returns the files that look like a part of a case and belong to none."""
    strays = []
    for folder, _ in case_folders(root, prefix):
        for path in sorted(folder.iterdir()):
            for ending in EXPECTED:
                if path.name.endswith(ending) and not (
                        folder / (path.name[:-len(ending)] + ".sh")).is_file():
                    strays.append(f"{path}: no case that it belongs to")
    if not prefix:
        strays += [f"{path}: a case has to lie in a folder" for path in sorted(root.glob("*.sh"))
                   if path.name != "run_case.sh"]
        strays += [f"{path}: an expected output has to lie in a folder"
                   for path in sorted(root.iterdir()) if path.name.endswith(EXPECTED)]
    return strays


def check(list_file, root, prefix):
    """Returns what is wrong with the list of cases that meson has, and with their files."""
    known = set(list_file.read_text().splitlines())
    found = set(find_cases(root, prefix))
    faults = [f"new or changed: {line}" for line in sorted(found - known)]
    faults += [f"gone or changed: {line}" for line in sorted(known - found)]
    if faults:
        faults.append("run `meson setup --reconfigure BUILD-FOLDER`")
    return faults + find_strays(root, prefix)


def main():
    words = sys.argv[1:]
    checking = words[:1] == ["--check"]
    if checking:
        del words[0]
    list_file, root = (pathlib.Path(word) for word in words[:2])
    prefix = words[2] if len(words) > 2 else ""
    if checking:
        faults = check(list_file, root, prefix)
        print("\n".join(faults))
        return 1 if faults else 0
    lines = "".join(line + "\n" for line in find_cases(root, prefix))
    list_file.write_text(lines)
    print(lines, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
