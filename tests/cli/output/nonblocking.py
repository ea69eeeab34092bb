"""Run a command whose standard output, or error, is a pipe that does not block, and read it slowly.

Usage: nonblocking.py stdout|stderr COMMAND...

Says whether as much arrives as through a pipe that blocks, and the same.
"""
import os
import subprocess
import sys
import time


def slowly(command, stream):
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    with subprocess.Popen(command, **{stream: theirs}) as child:
        os.close(theirs)
        time.sleep(0.3)  # the pipe is full now
        parts = []
        while part := os.read(ours, 8192):
            parts.append(part)
    return b''.join(parts), child.returncode


def main():
    stream, *command = sys.argv[1:]
    plain = subprocess.run(command, **{stream: subprocess.PIPE}, check=False)
    data, status = slowly(command, stream)
    expected = getattr(plain, stream)
    same = data == expected and status == plain.returncode
    print(f'{"the same" if same else f"{len(data)} of {len(expected)} bytes"}'
          f'{"" if len(data) > 1 << 16 else ", too little to fill a pipe"}, exit {status}')


if __name__ == '__main__':
    main()
