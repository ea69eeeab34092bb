#!/bin/bash
# Validates the Job of the manual against the schema of Kubernetes, and runs the command of its container for each
# index, as its pods would. On demand only: it installs packages from PyPI, in a folder that is removed.
# Usage: tests/real/kubernetes.sh GGUF-DQ
set -euo pipefail
program=$(realpath "$1")
source=$(realpath "$(dirname "$0")/../..")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
python3 -m venv venv
venv/bin/pip install -q kubernetes-validate pyyaml
sed -n '/^An indexed Job/,/^\.Ed/p' "$source/man/gguf-dq.1" | sed '/^An indexed/d; /^\.Bd/d; /^\.Ed/d; s/\\-/-/g' >job.yaml
venv/bin/kubernetes-validate --strict job.yaml
mkdir bin data
ln -s "$program" bin/gguf-dq
cp "$source/data/sample.gguf" data/model.gguf
cat >pods.py <<'END'
import os
import subprocess

import yaml

spec = yaml.safe_load(open('job.yaml'))['spec']
container, = spec['template']['spec']['containers']
command = [word.replace('/data/', 'data/') for word in container['command']]
path = os.path.abspath('bin') + ':' + os.environ['PATH']
for index in range(spec['completions']):
    subprocess.run(command, env=dict(os.environ, PATH=path, JOB_COMPLETION_INDEX=str(index)), check=True,
                   stderr=subprocess.DEVNULL)
END
venv/bin/python pods.py
"$program" extract -q -d f16 -o due/ data/model.gguf
diff -r due data/out
echo 'the pods wrote everything'
