#!/bin/sh
# If the output folder is renamed during the run, the files still go into it, and nothing goes into
# what takes its name, such as a link. An error afterwards leaves no partial files.
"$PYTHON" "$TESTS/lib/make_big.py" big.gguf --tensor-bytes 64M
cat >swap.py <<'EOS'
import glob, os, signal, subprocess, sys, time
command = sys.argv[1:]
child = subprocess.Popen(command)
while child.poll() is None and not any(
        os.path.getsize(name) > 0 for name in glob.glob('out/.gguf-dq-*.tmp')):
    time.sleep(0.001)
child.send_signal(signal.SIGSTOP)
os.rename('out', 'renamed')
os.symlink('evil', 'out')
child.send_signal(signal.SIGCONT)
print('exit', child.wait())
EOS
mkdir evil
"$PYTHON" swap.py gguf-dq extract -q big.gguf -o out/
ls -A evil renamed
rm -r out renamed
# A file that appears during the run is an error.
"$PYTHON" - <<'END'
with open('swap.py') as f:
    text = f.read()
with open('swap.py', 'w') as f:
    f.write(text.replace("os.symlink(", "open('renamed/big.weight.npy', 'w').close()\nos.symlink("))
END
"$PYTHON" swap.py gguf-dq extract -q big.gguf -o out/
ls -A evil renamed
