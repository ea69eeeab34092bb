"""Run a command with a terminal in the place of one standard stream: terminal.py STREAM COMMAND...

Shows what comes to the terminal, with codes escaped, and how the command ended.
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
        except OSError:  # how Linux says that the other side is closed
            part = b''
        if not part:
            return b''.join(parts)
        parts.append(part)



def main():
    stream, *command = sys.argv[1:]
    ours, theirs = pty.openpty()
    # The terminal becomes the one of the command, for /dev/tty.
    name = os.ttyname(theirs)

    def take_terminal():
        os.setsid()
        os.close(os.open(name, os.O_RDWR))

    child = subprocess.Popen(command, preexec_fn=take_terminal, **{stream: theirs})
    os.close(theirs)
    shown = read_all(ours)
    print(f'exit {child.wait()}, {shown.decode()!a}')


if __name__ == '__main__':
    main()
