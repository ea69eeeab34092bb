"""Run a command with standard error on a terminal and print whether it shows progress there.

Usage: progress.py COMMAND...

Standard output is read slowly until progress is shown or overdue.
"""
import os
import pty
import re
import select
import subprocess
import sys
import time

LINE = re.compile(rb'\r\x1b\[K *\d+%  [\d.]+ [KM]iB of 64.0 MiB  [\d.]+ [KM]iB/s  \d+:\d\d left  '
                  rb'big\.weight')
OVERDUE = 2
AT_ONCE = 64 << 10


def read(fd):
    try:
        return os.read(fd, AT_ONCE)
    except OSError:  # Linux reports so that the other side of the terminal is closed
        return b''


def watch(terminal, pipe):
    """Reads all output. Returns what the terminal received, and when the first of it arrived."""
    start = time.monotonic()
    first = None
    shown = b''
    open_files = {terminal, pipe}
    while open_files:
        for fd in select.select(open_files, [], [])[0]:
            part = read(fd)
            if not part:
                open_files.remove(fd)
            elif fd == terminal:
                first = first or time.monotonic() - start
                shown += part
            elif not LINE.search(shown) and time.monotonic() - start < OVERDUE:
                time.sleep(0.01)
    return shown, first


def main():
    ours, theirs = pty.openpty()
    child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    shown, first = watch(ours, child.stdout.fileno())
    if not shown:
        words = 'nothing'
    elif not LINE.search(shown):
        words = f'{shown!r}'
    else:
        words = 'too early' if first < 1 else 'after a second'
        words += ', cleared' if shown.endswith(b'\r\x1b[K') else f', left there: {shown!r}'
    print(f'{words}, exit {child.wait()}')


if __name__ == '__main__':
    main()
