#!/usr/bin/env python3
"""Holds the #include lines of src/ and hip/ against tests/layers.txt. Usage: check_layers.py PROJECT"""

import fnmatch
import pathlib
import re
import sys


def read_layers(path):
    """Returns {layer: (names of layers it may include, patterns of its files)}."""
    layers = {}
    for line in path.read_text().splitlines():
        if line.startswith("#") or not line.strip():
            continue
        layer, may, files = re.fullmatch(r"(\w+) \(([\w ]*)\)\s*: (.+)", line).groups()
        layers[layer] = (may.split(), files.split())
    return layers


def reach(layers, layer):
    """The layer and all below it."""
    found = {layer}
    for lower in layers[layer][0]:
        found |= reach(layers, lower)
    return found


def main():
    project = pathlib.Path(sys.argv[1])
    layers = read_layers(project / "tests" / "layers.txt")
    faults = []

    def layer_of(name):
        stem = name.rsplit(".", 1)[0]
        exact = [l for l, (_, files) in layers.items() if stem in files]
        return exact or [l for l, (_, files) in layers.items()
                         if any(fnmatch.fnmatch(stem, f) for f in files)]

    sources = sorted(p for p in (project / "src").iterdir() if p.suffix in (".c", ".h", ".def"))
    n_includes = 0
    for path in sources:
        own = layer_of(path.name)
        if len(own) != 1:
            faults.append(f"{path.name}: in {len(own)} layers of tests/layers.txt, not one")
            continue
        allowed = reach(layers, own[0])
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not match:
                continue
            n_includes += 1
            theirs = layer_of(pathlib.PurePath(match[1]).name)
            if not set(theirs) & allowed:
                faults.append(f"{path.name}:{number}: {own[0]} may not include {match[1]}"
                              f" ({', '.join(theirs) or 'no layer'})")
    # Device code includes itself and, of the program, the format layer alone.
    device = sorted(p for p in (project / "hip").iterdir() if p.suffix in (".h", ".hip"))
    for path in device:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not match:
                continue
            n_includes += 1
            name = pathlib.PurePath(match[1]).name
            if not (project / "hip" / name).exists() and "format" not in layer_of(name):
                faults.append(f"{path.name}:{number}: hip may not include {match[1]}")
    sources += device
    print(f"{len(sources)} files, {n_includes} includes, {len(faults)} faults")
    print("\n".join(faults))
    return 1 if faults or not n_includes else 0


if __name__ == "__main__":
    sys.exit(main())
