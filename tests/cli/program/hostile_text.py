"""Put terminal control characters into every input, and look for them in every output.

Usage: hostile_text.py    run by run_case.sh, in an empty folder
"""
import struct
import subprocess
import unicodedata

import gguf_writer

EVIL = '\x1b]0;evil\x07\x1b[2J\u202e\x9b31m\r\n\x7f\b'
INVISIBLE = ('Cc', 'Cf', 'Cs', 'Zl', 'Zp')
# jansson does not escape DEL in strings; terminals ignore it.
HARMLESS = {'text': '\n', 'json': '\n\x7f'}

COMMANDS = [
    'list', 'list --meta', 'list --names', 'list --json', 'list --json --meta', 'list --jsonl',
    'extract -n -o o/', 'extract -n -v', 'extract -v -f raw -o o/ --force',
    'extract -d f16 -o o/ --force', 'extract -d f16 --strict -o strict/', 'extract -k -o k/',
    'extract --jsonl -o jsonl/', 'extract --json -o json/ --manifest m.json --force',
    'extract --skip-existing -o o/', 'extract -o o/', 'extract', 'extract --device cuda',
    'verify -v --device cpu', 'verify --device cpu --json', 'verify', 'check', 'check --json',
    'hash', 'hash --json', 'show *', 'show --json *',
]
WORDS = [EVIL, EVIL + '[0]', '[' + EVIL, '{' + EVIL, EVIL + '*', 'c*[9999]', '*[' + EVIL + ']']
OPTIONS = ['-o', '--manifest', '-f', '-d', '--device', '--cpu', '-j', '-T', '--max-memory', '--' + EVIL]


def write_models():
    names = [EVIL + 'a', 'b' + EVIL, '../../x' + EVIL, 'c\0d' + EVIL]
    tensors = [(name, 'f32', [8], struct.pack('<8f', *[1e6] * 8)) for name in names]
    tensors.append((EVIL + 'q', 'q4_k', [256], bytes(range(144))))
    metadata = [('general.architecture', 'str', EVIL), ('list', '[str]', [EVIL] * 3),
                (EVIL, 'str', 'x'), (EVIL + '2', '[[str]]', [[EVIL]])]
    model = gguf_writer.model(metadata, tensors)
    twice = gguf_writer.model(metadata + metadata[2:3], tensors)
    double = gguf_writer.model(metadata, tensors + tensors[:1])
    for name, content in (('good', model), ('cut', model[:-40]), ('broken', model[:300]),
                          ('twice', twice), ('double', double)):
        with open(f'{name}{EVIL}.gguf', 'wb') as f:
            f.write(content)
        yield f'{name}{EVIL}.gguf'
    yield f'absent{EVIL}.gguf'
    yield EVIL


def command_lines():
    models = list(write_models())
    for model in models:
        for command in COMMANDS:
            yield [*command.split(), model]
    for word in WORDS:
        for command in 'list', 'extract -n -o n/', 'verify --device cpu':
            yield [*command.split(), models[0], word]
            yield [*command.split(), models[0], '-x', word]
    for option in OPTIONS:
        yield ['extract', models[0], option, EVIL]
        yield ['extract', models[0], option, f'absent{EVIL}/x']
    for words in [EVIL], ['--' + EVIL], ['list', '-' + EVIL], ['types', EVIL], ['devices', EVIL]:
        yield words


def raw_letters(output, kind):
    text = output.decode()  # raises if it is not valid UTF-8
    return sorted({c for c in text if c not in HARMLESS[kind] and
                   unicodedata.category(c) in INVISIBLE})


def main():
    n = n_wrong = 0
    for words in command_lines():
        run = subprocess.run(['gguf-dq', *words], stdin=subprocess.DEVNULL, capture_output=True,
                             timeout=60)
        kind = 'json' if any(word.startswith('--json') for word in words) else 'text'
        wrong = raw_letters(run.stdout, kind) + raw_letters(run.stderr, 'text')
        if any(not line.startswith((b'gguf-dq: ', b'Try ', b'usage: ', b'       gguf-dq '))
               for line in run.stderr.splitlines()):
            wrong.append('a line of nobody')
        if not 0 <= run.returncode <= 7:
            wrong.append(f'exit {run.returncode}')
        n += 1
        if wrong:
            n_wrong += 1
            print(ascii(words), ascii(wrong))
    print(f'{n_wrong} wrong' if n_wrong else 'nothing reached the terminal raw')
    print(n > 200)


if __name__ == '__main__':
    main()
