#!/bin/sh
# Loads GGUF files that gguf-dq writes with llama.cpp, and compares their logits with those of the same model
# converted by llama.cpp itself. Run on demand only: it needs the network, for a package with llama.cpp in it
# (PyPI's cyllama, for Python 3.11 among others).
#
# Usage: tests/real/llama_loads.sh GGUF-DQ MODEL...     $FOLDER keeps downloads between runs
set -eu
binary=$(realpath "$1")
shift
here=$(cd "$(dirname "$0")" && pwd)
folder=${FOLDER:-$(mktemp -d)}
mkdir -p "$folder"
if [ ! -x "$folder/llama-venv/bin/python3" ]; then
  python3 -m venv "$folder/llama-venv"
  timeout 600 "$folder/llama-venv/bin/pip" install -q --no-cache-dir cyllama==0.2.18 gguf==0.19.0 numpy
fi
exec timeout 1800 "$folder/llama-venv/bin/python3" "$here/compare_llama.py" "$binary" "$@"
