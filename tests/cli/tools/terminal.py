"""Run a command with a terminal as one of its standard streams: terminal.py STREAM COMMAND...

Prints what the terminal receives, with control characters escaped, and how the command ended.
"""
import os
import pty
import subprocess
import sys


def read_all(fd):
    parts = []
    while True:
        try:
            part = os.read(fd, 4096)
        except OSError:  # Linux reports so that the other side is closed
            part = b''
        if not part:
            return b''.join(parts)
        parts.append(part)


def take_terminal(name):
    """Makes it the controlling terminal of this process, for /dev/tty."""
    os.setsid()
    os.close(os.open(name, os.O_RDWR))


def main():
    stream, *command = sys.argv[1:]
    ours, theirs = pty.openpty()
    name = os.ttyname(theirs)
    child = subprocess.Popen(command, preexec_fn=lambda: take_terminal(name), **{stream: theirs})
    os.close(theirs)
    shown = read_all(ours)
    print(f'exit {child.wait()}, {shown.decode()!a}')


if __name__ == '__main__':
    main()
