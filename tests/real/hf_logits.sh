#!/bin/sh
# Makes tiny models with transformers, converts them with llama.cpp's converter, brings them back with
# --layout hf, loads them with from_pretrained and compares their logits. Also loads GGUF output with
# PyPI's gguf. Run on demand only: it needs the network and about 8 GB of disk, because PyPI's torch comes
# with CUDA.
#
# Usage: tests/real/hf_logits.sh GGUF-DQ [ARCHITECTURE...]     $FOLDER keeps downloads between runs
set -eu
binary=$(realpath "$1")
shift
here=$(cd "$(dirname "$0")" && pwd)
folder=${FOLDER:-$(mktemp -d)}
mkdir -p "$folder"
if [ ! -x "$folder/venv/bin/python3" ]; then
  python3 -m venv "$folder/venv"
  timeout 3000 "$folder/venv/bin/pip" install -q --no-cache-dir torch==2.6.0 transformers==5.24.0 gguf==0.19.0 \
    numpy safetensors sentencepiece protobuf
fi
if [ ! -d "$folder/llama" ]; then # the converter is only in the source package
  timeout 600 "$folder/venv/bin/pip" download -q --no-deps --no-binary llama-cpp-python -d "$folder" \
    llama-cpp-python==0.3.36
  mkdir "$folder/llama"
  tar xzf "$folder"/llama_cpp_python-*.tar.gz -C "$folder/llama" --strip-components=3 \
    --wildcards '*/vendor/llama.cpp/conversion/*' '*/vendor/llama.cpp/convert_hf_to_gguf.py' \
    '*/vendor/llama.cpp/gguf-py/*'
fi
exec "$folder/venv/bin/python3" "$here/compare_logits.py" "$binary" "$folder/llama" "$@"
