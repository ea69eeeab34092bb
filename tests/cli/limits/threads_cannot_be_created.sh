#!/bin/sh
# meson: unsanitized
# If threads cannot be created, because there is no room for their stacks, one thread does all the
# work.
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 16M
gguf-dq extract -q -j 1 -f raw -o - big.gguf | cksum >wanted
"$PYTHON" - <<'EOF'
import resource, subprocess
def limit():
    resource.setrlimit(resource.RLIMIT_STACK, (1 << 30, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
for words in ['extract', '-f', 'raw', '-o', 'all.raw'], ['verify', '--device', 'cpu']:
    run = subprocess.run(['gguf-dq', *words, '-q', '-j', '8', 'big.gguf'], preexec_fn=limit,
                         stdout=subprocess.PIPE)
    print(run.returncode, run.stdout.decode().count('all equal'))
EOF
cksum <all.raw | cmp - wanted
