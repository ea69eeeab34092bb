#!/usr/bin/env python3
"""A second signal ends a run that hangs in an uninterruptible call, and leaves no partial file.

Usage: hang.py PROGRAM SHIM

Each read in turn hangs, like on a disk that does not respond. The first signal is deferred; threads
that do not hang stop working.
"""
import glob
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time

from preload import preloaded

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PATIENCE = 60


def failed(log):
    with open(log, 'rb') as f:
        return struct.unpack('<QQ', f.read(16))[1]


def wait_for(condition):
    """Whether the condition becomes true in time."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.002)
    return False


def sleep_of(pid):
    """Returns how often each thread has begun to sleep; None if one does not sleep or has to take a signal."""
    sleeps = {}
    try:
        for status in glob.glob(f'/proc/{pid}/task/*/status'):
            with open(status, encoding='ascii') as f:
                fields = dict(line.split(':', 1) for line in f)
            if fields['State'].split()[0] != 'S' or any(
                    int(fields[name], 16) for name in ('SigPnd', 'ShdPnd')):
                return None
            sleeps[status] = [int(fields[name])
                              for name in ('voluntary_ctxt_switches', 'nonvoluntary_ctxt_switches')]
    except OSError:  # it ended just now
        return None
    return sleeps


def is_settled(pid):
    """Whether all threads have slept for a moment, all at once: only a signal makes them go on. Without
    waiting for that, the file might not be there yet, or two threads might handle the signals in either
    order."""
    before = sleep_of(pid)
    return bool(before) and sleep_of(pid) == before


def hang(program, shim, folder, n, numbers):
    """Returns the files that existed during the hang, and what is wrong."""
    log = os.path.join(folder, 'log')
    with open(log, 'wb') as f:
        f.write(bytes(16))
    env = {'PATH': os.environ['PATH'], 'LC_ALL': 'C', 'DQ_FAULT_LOG': log, **preloaded(shim),
           'DQ_FAULT': f'read:{n}:hang:once'}
    child = subprocess.Popen([program, 'extract', '-q', '-j3', '-o', 'out/', 'm.gguf'], cwd=folder,
                             env=env, stdin=subprocess.DEVNULL)
    try:
        if not wait_for(lambda: child.poll() is not None or (
                failed(log) > 0 and is_settled(child.pid))):
            return None, 'does not come to the read'
        if child.poll() is not None:
            return None, None  # there are fewer reads
        there = glob.glob(os.path.join(folder, 'out', '.gguf-dq-*.tmp'))
        for number in numbers:
            child.send_signal(number)
            # While it is pending, the next one would be lost.
            wait_for(lambda: child.poll() is not None or is_settled(child.pid))
        if not wait_for(lambda: child.poll() is not None):
            return there, 'does not end'
        if child.returncode != -numbers[-1] and there:
            return there, f'exit {child.returncode}'
        if os.path.isdir(os.path.join(folder, 'out')) and os.listdir(os.path.join(folder, 'out')):
            return there, f"leaves {os.listdir(os.path.join(folder, 'out'))}"
        return there, None
    finally:
        child.kill()
        child.wait()


def main():
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)  # ignored in background jobs and under nohup
    program, shim = map(os.path.abspath, sys.argv[1:])
    n_wrong = n_hung = n = 0
    with tempfile.TemporaryDirectory() as folder:
        # Many chunks: if the thread that is to create the file hangs before, there is none, but most reads
        # come later.
        subprocess.run([sys.executable, os.path.join(TESTS, 'lib', 'make_model.py'),
                        os.path.join(folder, 'm.gguf'), 'large:q8_0:4096x1024'], check=True)
        pairs = [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM, signal.SIGHUP)]
        while True:
            n += 1
            there, wrong = hang(program, shim, folder, n, pairs[n % 2])
            if there is None and wrong is None:
                break
            n_hung += bool(there)
            if wrong:
                n_wrong += 1
                print(f'read {n}: {wrong}')
    print(f'{n - 1} reads hung, {n_hung} while a file was written, {n_wrong} wrong')
    sys.exit(1 if n_wrong or not n_hung else 0)


if __name__ == '__main__':
    main()
