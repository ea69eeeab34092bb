"""Run a command on a terminal that disappears during the run: terminal_gone.py ignored|usual COMMAND...

The terminal is closed as soon as the command has written to it or has created a file in out/. With
`ignored`, SIGHUP is ignored, as under nohup. Prints how the command ended.
"""
import os
import pty
import select
import signal
import subprocess
import sys
import time

import terminal


def main():
    hangup, *command = sys.argv[1:]
    ours, theirs = pty.openpty()
    name = os.ttyname(theirs)

    def begin():
        terminal.take_terminal(name)
        signal.signal(signal.SIGHUP, signal.SIG_IGN if hangup == 'ignored' else signal.SIG_DFL)

    child = subprocess.Popen(command, preexec_fn=begin, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    while child.poll() is None and not select.select([ours], [], [], 0)[0]:
        if os.path.isdir('out') and any(n.endswith('.npy') for n in os.listdir('out')):
            break
        time.sleep(0.001)
    os.close(ours)
    status = child.wait()
    print(signal.Signals(-status).name if status < 0 else f'exit {status}')


if __name__ == '__main__':
    main()
