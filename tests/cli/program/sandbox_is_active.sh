#!/bin/sh
# meson: sandbox
# /proc shows the sandbox of a running command: no new privileges and filtered system calls, for
# each of its threads.
cp "$DATA/sample.gguf" m.gguf
mkfifo pipe
gguf-dq extract --device cpu -j 2 -f raw -o pipe m.gguf &
exec 3<pipe
head -c 100000 <&3 >first # it is running, and waits for the rest to be read
for status in "/proc/$!/task"/*/status; do
    grep -E '^(NoNewPrivs|Seccomp):' "$status"
done | sort -u | tr '\t' ' '
cat <&3 >rest
wait "$!"
echo "exit $?"
echo '-- where memory may run short, libseccomp is left alone'
# shellcheck disable=SC3045 # dash has it
(ulimit -v 4000000 && gguf-dq list -v m.gguf 2>&1 >table) | grep -o 'partly in a sandbox: Landlock .*, no seccomp (.*)' | sed 's/Landlock [0-9]*/Landlock N/'
