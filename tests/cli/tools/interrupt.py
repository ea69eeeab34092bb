"""Run a command, send it a signal once its temporary file exists, and print how it ended.

Usage: interrupt.py [--blocked] SIGNAL COMMAND...

--blocked: send the signal when the command sleeps because nobody reads its output from a pipe.
"""
import os
import pathlib
import signal
import subprocess
import sys
import time

PATIENCE = 60
SIGSTKFLT = 16  # which Python does not have before 3.11


def is_asleep(pid):
    with open(f'/proc/{pid}/stat') as f:
        return f.read().rpartition(')')[2].split()[0] == 'S'


def is_writing(pid):
    return any(path.stat().st_size > 0 for path in pathlib.Path().rglob(f'.gguf-dq-{pid}-*.tmp'))


def as_from_a_terminal():
    """Resets signals that a shell without job control sets to be ignored in background commands."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


def main():
    args = sys.argv[1:]
    ready = is_writing
    if args[0] == '--blocked':
        args.pop(0)
        ready = is_asleep
    name, *command = args
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             preexec_fn=as_from_a_terminal)
    steady = 0
    while child.poll() is None and steady < 5:
        try:
            steady = steady + 1 if ready(child.pid) else 0
        except FileNotFoundError:
            steady = 0
        time.sleep(0.01)
    if child.poll() is None:
        child.send_signal(getattr(signal, f'SIG{name}', SIGSTKFLT))
    try:
        status = child.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        print(f'{name}: does not end it')
        return
    finally:
        child.stdout.close()
    print(f'{name}: exit {128 - status if status < 0 else status}')


if __name__ == '__main__':
    main()
