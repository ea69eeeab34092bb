"""Run a command and say if it failed or took 64 MiB of memory or more: measure.py COMMAND..."""
import os
import subprocess
import sys

MOST_KIB = 64 << 10

child = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(child.pid, 0)
child.returncode = os.waitstatus_to_exitcode(status)
print(f'exit {child.returncode}', file=sys.stderr)
if usage.ru_maxrss >= MOST_KIB and not os.environ.get('GGUF_DQ_SANITIZED'):
    print(f'took {usage.ru_maxrss} KiB', file=sys.stderr)
