#!/usr/bin/env python3
"""Looks for source files that call one another in a circle, in what the compiler made of them.

Usage: check_circles.py NM FILE...

FILE is an object, a static library or a folder of objects. Objects of the same source file are
one node; it points to those that define what it leaves undefined. A call through a table of functions
does not count as one of the function, but what names the table needs it. Exit 1 if there is a circle; each is shown with the symbols to move.
"""

import collections
import pathlib
import re
import subprocess
import sys

# `LIBRARY:OBJECT:ADDRESS LETTER NAME` or `OBJECT:ADDRESS LETTER NAME`, with spaces for no address.
LINE = re.compile(r"^(.*): *[0-9a-f]* (\w) (\S+)$")


def read_symbols(nm, files):
    """Returns {symbol: object that defines it} and {object: symbols that it needs}."""
    defined = {}
    needed = collections.defaultdict(set)
    output = subprocess.run([nm, "-A", *files], check=True, capture_output=True, text=True).stdout
    for line in output.splitlines():
        match = LINE.match(line)
        if not match:
            continue
        node = re.split(r"[:/]", match[1])[-1].removesuffix(".o")
        if match[2] == "U":
            needed[node].add(match[3])
        elif match[2].isupper():
            defined.setdefault(match[3], node)
    return defined, needed


def make_graph(defined, needed):
    """Returns {object: {other object: symbols that it needs of that}}."""
    graph = collections.defaultdict(lambda: collections.defaultdict(list))
    for node, symbols in needed.items():
        for symbol in sorted(symbols):
            other = defined.get(symbol, node)
            if other != node:
                graph[node][other].append(symbol)
    return graph


def reachable(graph, start):
    """Returns the nodes that can be reached from one, in a step or more."""
    seen = set()
    todo = [start]
    while todo:
        for other in graph.get(todo.pop(), ()):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


def find_circles(graph):
    """Returns the sets of nodes that can reach one another."""
    reach = {node: reachable(graph, node) for node in list(graph)}
    circles = {frozenset(other for other in reach[node] if node in reach.get(other, ()))
               for node in reach if node in reach[node]}
    return sorted(circles, key=sorted)


def main():
    nm, *words = sys.argv[1:]
    files = []
    for word in words:
        path = pathlib.Path(word)
        files += sorted(map(str, path.glob("*.o"))) if path.is_dir() else [word]
    defined, needed = read_symbols(nm, files)
    graph = make_graph(defined, needed)
    circles = find_circles(graph)
    print(f"{len(needed)} objects, {len(defined)} symbols, {len(circles)} circles")
    for circle in circles:
        print(f"circle of {', '.join(sorted(circle))}:")
        for node in sorted(circle):
            for other in sorted(circle & set(graph[node])):
                print(f"  {node} needs {', '.join(graph[node][other])} of {other}")
    return 1 if circles or not defined else 0


if __name__ == "__main__":
    sys.exit(main())
