#!/bin/sh
# Compares the containers that gguf-dq writes with those of numpy, safetensors, huggingface_hub and gguf,
# which it installs from PyPI. Run on demand only: it needs the network.
#
# Usage: tests/real/containers.sh GGUF-DQ MODEL...     $FOLDER keeps downloads between runs
set -eu
binary=$(realpath "$1")
shift
here=$(cd "$(dirname "$0")" && pwd)
folder=${FOLDER:-$(mktemp -d)}
if [ ! -x "$folder/venv/bin/python3" ]; then
  python3 -m venv "$folder/venv"
  "$folder/venv/bin/pip" install -q gguf huggingface_hub ml_dtypes numpy safetensors
fi
exec "$folder/venv/bin/python3" "$here/compare_containers.py" "$binary" "$@"
