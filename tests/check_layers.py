#!/usr/bin/env python3
"""Checks the #include lines of src/ and hip/ against what each folder's meson.build allows.

Usage: check_layers.py PROJECT

A line `may_use += {'FOLDER': ['LOWER', ...]}` in src/FOLDER/meson.build names the folders that the
sources there may include from. The folders must have an order in which none uses a later one, the
files of a folder must be listed where they lie, and no two headers may include one another.
"""

import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def read_rules(src):
    """Returns {folder: folders that it may include from}."""
    rules = {}
    for build in sorted(src.glob("*/meson.build")):
        found = re.findall(r"^may_use \+= \{'(\w+)': \[([^\]]*)\]\}", build.read_text(), re.M)
        if [name for name, _ in found] != [build.parent.name]:
            raise SystemExit(f"{build}: no line may_use += {{'{build.parent.name}': [...]}}")
        rules[found[0][0]] = re.findall(r"'(\w+)'", found[0][1])
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

    for node in graph:
        circle = visit(node, [])
        if circle:
            return circle
    return []


def main():
    project = pathlib.Path(sys.argv[1])
    src = project / "src"
    rules = read_rules(src)
    faults = []
    n_includes = 0
    headers = {}

    circle = find_circle(rules)
    if circle:
        faults.append(f"folders use one another: {' -> '.join(circle)}")
    for folder, lower in rules.items():
        for name in set(lower) - set(rules):
            faults.append(f"src/{folder}/meson.build: there is no folder {name}")

    sources = sorted(p for p in src.rglob("*") if p.suffix in (".c", ".h", ".def", ".S"))
    for path in sources:
        own = path.relative_to(src).parts[0]
        if own not in rules:
            faults.append(f"{path.relative_to(project)}: not in a folder with a meson.build")
            continue
        if path.suffix == ".c" and f"'{path.name}'" not in (src / own / "meson.build").read_text():
            if f"{own}/{path.name}" not in (src / "meson.build").read_text():
                faults.append(f"{path.relative_to(project)}: not listed in its meson.build")
        for number, name in includes(path):
            n_includes += 1
            where = f"{path.relative_to(project)}:{number}"
            folder = name.split("/")[0]
            if not (src / name).is_file():
                faults.append(f"{where}: no file src/{name}")
            elif folder != own and folder not in rules[own]:
                faults.append(f"{where}: {own} may not include {name}")
            if path.suffix == ".h":
                headers.setdefault(str(path.relative_to(src)), []).append(name)
    circle = find_circle(headers)
    if circle:
        faults.append(f"headers include one another: {' -> '.join(circle)}")

    # Device code includes itself and, of the program, the facts about types alone.
    device = sorted(p for p in (project / "hip").iterdir() if p.suffix in (".h", ".hip"))
    for path in device:
        for number, name in includes(path):
            n_includes += 1
            if not (project / "hip" / name).is_file() and not (
                    name.startswith("type/") and (src / name).is_file()):
                faults.append(f"hip/{path.name}:{number}: hip may not include {name}")

    print(f"{len(sources) + len(device)} files, {n_includes} includes, {len(faults)} faults")
    print("\n".join(faults))
    return 1 if faults or not n_includes else 0


if __name__ == "__main__":
    sys.exit(main())
