#!/bin/sh
# A long name in a message is cut between characters.
"$PYTHON" - <<'END'
import struct, subprocess
import gguf_writer

def overlapping(names):
    """Tensors that all lie at the same place."""
    parts = [b'GGUF', struct.pack('<IQQ', 3, len(names), 0)]
    for name in names:
        parts += [gguf_writer.string(name), struct.pack('<IQIQ', 1, 4, 0, 0)]
    head = b''.join(parts)
    return head + gguf_writer.pad(len(head)) + bytes(16)

def run(*words):
    return subprocess.run(['gguf-dq', *words], capture_output=True)

def valid(data):
    try:
        return data.decode() is not None
    except UnicodeDecodeError:
        return False

for shift in range(4):
    for letter in 'ü', '語', '🙂':
        with open('m.gguf', 'wb') as f:
            f.write(overlapping([f'{"x" * shift}{letter * 200}{n}' for n in '12']))
        for command in ['extract'], ['list'], ['list', '--json'], ['extract', '-k', '--json']:
            made = run(*command, 'm.gguf')
            if not valid(made.stdout + made.stderr) or b'overlaps' not in made.stdout + made.stderr:
                print(shift, letter, command, made.stdout, made.stderr)
            if command == ['list'] and b'\\x' in made.stdout:
                print(shift, letter, 'cut through a letter')
print('done')
END
