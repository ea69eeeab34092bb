#!/bin/sh
# meson: unsanitized
# Caches with files and directories that may be listed but not entered, and places that are no directories:
# what cannot be read is said, and never taken for nothing.
unset HF_HUB_CACHE HUGGINGFACE_HUB_CACHE HF_HOME XDG_CACHE_HOME GGUF_DQ_MODEL OLLAMA_MODELS
export HF_HUB_CACHE=hub
# Root may do everything, unless it has no such rights.
plain() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --bounding-set=-dac_override,-dac_read_search gguf-dq "$@"
    else
        gguf-dq "$@"
    fi
    echo "exit $?"
}
model() { # model FOLDER FILE
    mkdir -p "$1/refs" "$1/blobs" "$(dirname "$1/snapshots/1/$2")"
    printf 1 >"$1/refs/main"
    cp "$DATA/sample.gguf" "$1/blobs/$2"
    ln -sr "$1/blobs/$2" "$1/snapshots/1/$2"
}
model hub/models--org--a a-Q4_0.gguf
model hub/models--org--b b-Q4_0.gguf
echo '# blobs that may not be reached'
chmod 600 hub/models--org--b/blobs
plain list --names hf:
plain list --names hf:org/b
plain list --names hf:org/b:Q8_0
chmod 700 hub/models--org--b/blobs
echo '# a snapshot whose entries may not be examined'
chmod 400 hub/models--org--b/snapshots/1
plain list --names hf:
plain list --names hf:org/b
chmod 700 hub/models--org--b/snapshots/1
echo '# all repositories'
chmod 400 hub
plain list --names hf:
chmod 700 hub
echo '# a repository'
chmod 000 hub/models--org--b
plain list --names hf:
plain list --names hf:org/b
chmod 700 hub/models--org--b
echo '# a directory of models'
mkdir models
cp "$DATA/sample.gguf" models/m.gguf
chmod 400 models
plain list --names models
plain list --names models/m.gguf
chmod 700 models
echo '# what is no directory'
: >file
HF_HUB_CACHE='file' plain list hf:
HF_HUB_CACHE='file' plain list hf:org/a
HF_HUB_CACHE='' HF_HOME='file' plain list hf:
OLLAMA_MODELS='file' plain list ollama:
OLLAMA_MODELS='file' plain list ollama:llama3
mkdir store
: >store/manifests
OLLAMA_MODELS=store plain list ollama:
printf 2 >hub/models--org--b/refs/main
: >hub/models--org--b/snapshots/2
plain list --names hf:
plain list --names hf:org/b
rm -r hub/models--org--b/snapshots
: >hub/models--org--b/snapshots
plain list --names hf:
plain list --names hf:org/b
: >hub/models--org--c
plain list --names hf:org/c
plain list --json hf: | tail -n 3
