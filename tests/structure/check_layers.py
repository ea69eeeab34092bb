#!/usr/bin/env python3
"""Checks the #include lines of src/ and hip/ against what each folder's meson.build allows.

Usage: check_layers.py PROJECT

src/meson.build enters the folders with subdir(), lowest layer first. In src/FOLDER/meson.build, the
line `may_use += {'FOLDER': ['LOWER', ...]}` names the folders that the sources of FOLDER may include
from. They have to be lower ones. All sources have to be listed, and headers must not include one
another in a circle.
"""

import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
SUFFIXES = (".c", ".h", ".def", ".S")


def read_rules(src, faults):
    """Returns {folder: folders that it may include from}, lowest folder first."""
    rules = {}
    for name in re.findall(r"^subdir\('([^']+)'\)", (src / "meson.build").read_text(), re.M):
        build = f"src/{name}/meson.build"
        found = re.findall(r"^may_use \+= \{'(\w+)': \[([^\]]*)\]\}",
                           (src / name / "meson.build").read_text(), re.M)
        if [folder for folder, _ in found] != [name]:
            faults.append(f"{build}: needs one line may_use += {{'{name}': [...]}}")
            continue
        lower = re.findall(r"'(\w+)'", found[0][1])
        faults += [f"{build}: {other} is not a lower layer in src/meson.build"
                   for other in lower if other not in rules]
        rules[name] = lower
    return rules


def includes(path):
    """Yields (line number, name) of each quoted include."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1]


def find_circle(graph):
    """Returns the nodes of a circle of a graph {node: nodes}, or []."""
    done = set()

    def visit(node, path):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return []
        for other in graph.get(node, ()):
            circle = visit(other, path + [node])
            if circle:
                return circle
        done.add(node)
        return []

    for node in sorted(graph):
        circle = visit(node, [])
        if circle:
            return circle
    return []


def check_include(src, rules, path, name):
    """Returns what is wrong with an include of src/, or None."""
    own = path.relative_to(src).parts[0]
    folder = name.split("/")[0]
    if not (src / name).is_file():
        return f"no file src/{name}"
    if folder != own and folder not in rules[own]:
        return f"{own} may not include {name}"
    return None


def is_listed(src, path):
    """Whether the meson.build of the folder or of src/ lists a source."""
    name = path.relative_to(src)
    return (f"'{path.name}'" in (src / name.parts[0] / "meson.build").read_text()
            or f"'{name}'" in (src / "meson.build").read_text())


def check_sources(project, rules, faults):
    """Checks the files of src/. Returns {file: [files that it includes]}, paths inside src/."""
    src = project / "src"
    graph = {}
    for path in sorted(p for p in src.rglob("*") if p.suffix in SUFFIXES):
        where = path.relative_to(project)
        if path.relative_to(src).parts[0] not in rules:
            faults.append(f"{where}: not in a folder that src/meson.build enters")
            continue
        if path.suffix == ".c" and not is_listed(src, path):
            faults.append(f"{where}: not listed in its meson.build")
        graph[str(path.relative_to(src))] = []
        for number, name in includes(path):
            graph[str(path.relative_to(src))].append(name)
            fault = check_include(src, rules, path, name)
            if fault:
                faults.append(f"{where}:{number}: {fault}")
    return graph


def check_device(project, faults):
    """Device code includes only itself and facts about types. Returns the number of its files."""
    files = sorted(p for p in (project / "hip").iterdir() if p.suffix in (".h", ".hip"))
    for path in files:
        for number, name in includes(path):
            if not (project / "hip" / name).is_file() and not (
                    name.startswith("type/") and (project / "src" / name).is_file()):
                faults.append(f"hip/{path.name}:{number}: hip may not include {name}")
    return len(files)


def main():
    project = pathlib.Path(sys.argv[1])
    faults = []
    rules = read_rules(project / "src", faults)
    graph = check_sources(project, rules, faults)
    circle = find_circle({name: [other for other in names if other.endswith(".h")]
                          for name, names in graph.items() if name.endswith(".h")})
    if circle:
        faults.append(f"headers include one another: {' -> '.join(circle)}")
    n_device = check_device(project, faults)

    n_includes = sum(map(len, graph.values()))
    if not n_includes or not n_device:
        faults.append("nothing was found to check")
    print(f"{len(graph)} files of src/ with {n_includes} includes, {n_device} files of hip/, "
          f"{len(faults)} faults")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
