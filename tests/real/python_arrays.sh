#!/bin/bash
# Runs the Python of the manual's section "Arrays for Python" with current dask, fsspec and zarr, and compares
# what it reads with numpy's. On demand only: it installs packages from PyPI, in a folder that is removed.
# Usage: tests/real/python_arrays.sh GGUF-DQ
set -euo pipefail
program=$(realpath "$1")
source=$(realpath "$(dirname "$0")/../..")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
python3 -m venv venv
venv/bin/pip install -q 'dask[array]' fsspec numpy zarr
cp "$source/data/sample.gguf" model.gguf
"$program" extract -q -o out/ --manifest out.json model.gguf
n=0
while IFS= read -r line; do
    case $line in
    .Bd*) n=$((n + 1)) ;;
    .Ed) ;;
    *) printf '%s\n' "$line" >>"part-$n.py" ;;
    esac
done < <(sed -n '/^\.Ss Arrays for Python$/,/^\.Ss Devices$/p' "$source/man/gguf-dq.1" | sed -n '/^\.Bd/,/^\.Ed/p' |
    sed "s/\\\\-/-/g; s/\\\\(aq/'/g; s/\\\\e/\\\\/g")
cat >>part-1.py <<'END'
for o in outputs:
    assert (model[o["tensor"]].compute() == numpy.load(o["path"])).all(), o
END
cat >>part-2.py <<'END'
import numpy
n = 0
for o in json.load(open("out.json"))["outputs"]:
    assert (model[o["tensor"]][...] == numpy.load(o["path"])).all(), o
    n += 1
print(n, 'arrays are equal')
END
venv/bin/python part-1.py
venv/bin/python part-2.py
