"""Run a command on a terminal of a given width and say what is on the screen at the end.

Usage: screen.py WIDTH[:LATER] COMMAND...

Standard output and standard error are the terminal. It is not read for a second, so that a command with
much to say waits, and progress is due when it goes on; then it gets the width LATER. A model of a
terminal (carriage return, line feed, erase to the end of the line, wrapping) shows what remains. That
must be what the command prints to a pipe.
"""
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
import unicodedata

PROGRESS = re.compile(r' *\d+%  .* of ')


class Screen:
    """Lines that are not cut where they wrap. The cursor wraps when a letter follows the last column."""

    def __init__(self, width):
        self.width = width
        self.lines = ['']
        self.row_starts = [0]  # of the last line: indices at which it wrapped
        self.at = 0  # index in the last line
        self.column = 0
        self.n_progress = 0
        self.widest = 0
        self.wrapped_progress = 0

    def put(self, letter):
        wide = 2 if unicodedata.east_asian_width(letter) in 'WF' else 1
        if self.column + wide > self.width:
            self.row_starts.append(self.at)
            self.column = 0
        self.lines[-1] = self.lines[-1][:self.at] + letter + self.lines[-1][self.at + 1:]
        self.at += 1
        self.column += wide

    def look_for_progress(self):
        if PROGRESS.match(self.lines[-1][self.row_starts[-1]:]):
            self.n_progress += 1
            self.widest = max(self.widest, self.column)
        if PROGRESS.match(self.lines[-1]) and len(self.row_starts) > 1:
            self.wrapped_progress += 1

    def feed(self, text):
        for part in re.findall(r'\r\x1b\[K|\r\n|\n|\r|\x1b\[K|.', text, re.DOTALL):
            if part[0] in '\r\n':
                self.look_for_progress()
            if part.startswith('\r') and part != '\r\n':
                self.at = self.row_starts[-1]  # only to the start of the row, as a terminal does
                self.column = 0
            if part.endswith('\x1b[K'):
                self.lines[-1] = self.lines[-1][:self.at]
            elif part.endswith('\n'):
                self.lines.append('')
                self.row_starts = [0]
                self.at = self.column = 0
            elif part != '\r':
                self.put(part)


def set_width(fd, width):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('4H', 24, width, 0, 0))


def read(fd):
    try:
        return os.read(fd, 1024)
    except OSError:  # Linux reports so that the other side of the terminal is closed
        return b''


def main():
    widths = [int(n) for n in sys.argv[1].split(':')]
    command = sys.argv[2:]
    piped = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    ours, theirs = pty.openpty()
    set_width(ours, widths[0])
    with subprocess.Popen(command, stdout=theirs, stderr=theirs) as child:
        os.close(theirs)
        time.sleep(1.2)
        screen = Screen(widths[-1])
        rest = b''
        n_parts = 0
        while part := read(ours):
            n_parts += 1
            if n_parts == 20 and len(widths) > 1:
                set_width(ours, widths[1])
            rest += part
            whole = rest.rfind(b'\n') + 1 or (len(rest) if len(rest) < 4 else len(rest) - 4)
            while whole > 0 and whole < len(rest) and rest[whole] & 0xc0 == 0x80:
                whole -= 1
            if rest[whole - 1:whole] in (b'\r', b'\x1b') or rest[whole - 2:whole] == b'\x1b[':
                continue
            screen.feed(rest[:whole].decode())
            rest = rest[whole:]
        screen.feed(rest.decode())
    lines = piped.stdout.decode().split('\n')
    same = sorted(screen.lines) == sorted(lines)
    print(f'exit {child.returncode}, '
          f'{"the rows of a pipe" if same else "OTHER ROWS"}, '
          f'{"with" if screen.n_progress else "WITHOUT"} progress, '
          f'{"WRAPPED" if screen.wrapped_progress else "not wrapped"}, '
          f'{"wider than at first" if screen.widest >= widths[0] else "within the width"}')
    if not same:
        for line in sorted(set(screen.lines) ^ set(lines))[:6]:
            print(repr(line[:200]))


if __name__ == '__main__':
    main()
