#!/usr/bin/env python3
"""Compare the manual pages, the READMEs and the completions with the program, and run their examples.

Usage: check_doc.py PROGRAM PROGRAM_WITH_GPU SOURCE_ROOT

The texts must agree with the program's --help, its reports and some tables in its source. The second
program is the same with a GPU emulated by the host, for the examples that need one.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

COMPLETIONS = ('gguf-dq.bash', '_gguf-dq', 'gguf-dq.fish')
SIGNAL_STATUSES = {130, 143}  # errors.def has them as one row
MAN_PAGES = ('man/gguf-dq.1', 'man/gguf-dq-json.5')
README_WORDS = 1200
FOREIGN = (  # specific to one developer's machine
    r'/(?:home|root|Users|tmp|mnt|work)/', r'\blocalhost\b', r'\b\d+\.\d+\.\d+\.\d+\b', r'\.lan\b')

problems = []


def complain(text):
    problems.append(text)


def compare(what, expected, found):
    """Reports the differences between two sets or mappings."""
    for item in sorted(set(expected) - set(found), key=str):
        complain(f'{what}: {item} is missing')
    for item in sorted(set(found) - set(expected), key=str):
        complain(f'{what}: {item} should not be there')
    if isinstance(expected, dict):
        for key in sorted(set(expected) & set(found), key=str):
            if expected[key] != found[key]:
                complain(f'{what}: {key}: {found[key]}, but should be {expected[key]}')


def output_of(*command, **kwargs):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **kwargs).stdout


# The program.

def program_commands(program):
    help_text = output_of(program, '--help')
    return re.findall(r'^  (\w+) +\S', help_text, re.M)


def program_options(program, command):
    """Returns {'--tensor': ('-t', True)}: the short form or None, and whether it takes an argument."""
    rows = re.findall(r'^  (?:(-\w), |    )(--[\w-]+)(?:\[=\w+\])?( [A-Z/]+)? ', output_of(program, command, '--help'),
                      re.M)
    return {long: (short or None, bool(argument)) for short, long, argument in rows}


def flat(options):
    return {form for long, (short, _) in options.items() for form in (short, long) if form}


# The manual pages.

def sections(source, macro):
    """Returns the parts of mdoc source that begin with .Sh or .Ss, by title."""
    parts = re.split(rf'^\.{macro} (.*)$', source, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def plain(text):
    """Returns the text of a literal display without its escapes."""
    for escape, letter in ((r'\(aq', "'"), (r'\(dq', '"'), (r'\-', '-'), (r'\&', ''), (r'\e', '\\')):
        text = text.replace(escape, letter)
    return text


def manual_options(manual, commands):
    """Returns the options of each command; the titles of the subsections of OPTIONS end in the commands."""
    found = {command: {} for command in commands}
    for title, body in sections(manual['OPTIONS'], 'Ss').items():
        owners = re.findall(r'\w+', title.split(':')[1])
        for item in re.findall(r'^\.It (Fl .*)$', body, re.M):
            forms = re.findall(r'Fl (\S+)', item)
            long = '-' + forms[-1]
            short = '-' + forms[0] if len(forms) == 2 else None
            for command in set(owners) & set(commands):
                found[command][long] = (short, ' Ar ' in re.sub(' Oo .* Oc', '', item))
    return found


def synopsis_options(manual):
    """Returns the options of each command in the synopsis: the short form, or else the long one."""
    found = {}
    for part in manual['SYNOPSIS'].split('.Nm\n')[1:]:
        match = re.match(r'\.Cm (\w+)\n', part)
        if not match:
            continue
        forms = set()
        for word in re.findall(r'Fl (\S+)', part):
            if word.startswith('-'):
                forms.add('-' + word)
            else:
                forms.update('-' + letter for letter in word)
        found[match.group(1)] = forms
    return found


def check_manual_options(manual, options):
    found = manual_options(manual, options)
    synopsis = synopsis_options(manual)
    compare('manual: SYNOPSIS: commands', set(options), set(synopsis))
    for command, expected in options.items():
        compare(f'manual: options of {command}', expected, found[command])
        compare(f'manual: SYNOPSIS of {command}', {short or long for long, (short, _) in
                                                   expected.items()}, synopsis.get(command, set()))


def check_statuses(manual, root):
    rows = re.findall(r'^DQ_ERROR\(\w+, (\d+),', (root / 'src/base/errors.def').read_text(), re.M)
    expected = ({int(status) for status in rows} - {128}) | {0} | SIGNAL_STATUSES
    found = [int(s) for s in re.findall(r'^\.It (\d+)$', manual['EXIT STATUS'], re.M)]
    compare('manual: EXIT STATUS', expected, set(found))
    if found != sorted(found):
        complain('manual: EXIT STATUS: not in order')


def check_types(manual, types):
    expected = [(f['name'], f['id'], f['block_weights'], f['block_bytes'], f['bits_per_weight'])
                for f in types]
    rows = [row.split(' Ta ') for row in re.findall(r'^\.It (\S+ Ta .*)$', manual['TYPES'], re.M)]
    found = [(name, int(number), int(weights), int(n_bytes), float(bits))
             for name, number, weights, n_bytes, bits in rows if name != 'Sy']
    if found != expected:
        compare('manual: TYPES', set(expected), set(found))
        complain('manual: TYPES: differs from `gguf-dq types`')


def check_patterns(manual, root):
    """The patterns of mismatches, as the program words them."""
    source = (root / 'src/verify/compare.c').read_text()
    expected = re.findall(r'\[DQ_PATTERN_\w+\] =\s+"([^"]+)"', source)
    items = sections(manual['DESCRIPTION'], 'Ss')['Verifying']
    found = [item.rstrip(';.') for item in re.findall(r'^\.It\n(.*)$', items, re.M)]
    compare('manual: patterns', set(expected), set(found))


def check_rules(manual, root):
    """The rules of `check`, in the words of the program and their order."""
    expected = re.findall(r'^DQ_RULE\(\w+, "([^"]+)", \w+, "([^"]+)",',
                          (root / 'src/gguf/rules.def').read_text(), re.M)
    found = re.findall(r'^\.It Cm (\S+)\n(.*)$', manual['RULES'], re.M)
    if not expected or found != expected:
        compare('manual: RULES', set(expected), set(found))
        complain('manual: RULES: differs from src/gguf/rules.def')


def check_diagnostic(manual, program, root, scratch):
    """The line of `check` that the manual shows, folded: of the sample model, cut short."""
    shown = manual_examples(sections(manual['DESCRIPTION'], 'Ss')['Checking'])[0]
    cut = scratch / 'cut.gguf'
    cut.write_bytes((root / 'data/sample.gguf').read_bytes()[:100000])
    checked = subprocess.run([program, 'check', cut], text=True, stdout=subprocess.PIPE)
    line = checked.stdout.split('\n')[0]
    if shown.split() != line.split():
        complain(f'manual: Checking: {" ".join(shown.split())}\nbut the program prints\n{line}')


def member_items(body):
    """Returns the lists of a subsection as [(member, text of its item)], without nested lists' items."""
    items = []
    depth = 0
    for line in body.splitlines():
        match = re.match(r'\.It (Va .*)$', line) if depth == 1 else None
        if line.startswith('.Bl '):
            depth += 1
        elif line == '.El':
            depth -= 1
        if match:
            items += [[name, ''] for name in re.findall(r'Va (\S+)', match.group(1))]
        elif items and depth > 0:
            items[-1][1] += line + '\n'
    return items


def members_of(value):
    """Returns the names of the members of an object and of the objects in it."""
    if not isinstance(value, dict):
        return set()
    return set(value).union(*(members_of(inner) for inner in value.values()))


def check_members(title, body, whole, element):
    """A report's members and those of an element of its list, in order, and what they consist of."""
    items = member_items(body)
    if [name for name, _ in items] != [*whole, *element]:
        complain(f'gguf-dq-json(5): {title}: {[name for name, _ in items]}, '
                 f'but the program has {[*whole, *element]}')
        return
    for (name, text), value in zip(items, [*whole.values(), *element.values()]):
        if isinstance(value, dict) and name not in ('formulas', 'weights_per_element', 'fields', 'parts'):
            if name == 'metadata':  # its members are keys
                value = max(value.values(), key=len)  # one whose value is left out
            named = ' '.join(re.findall(r'^\.(?:It )?(Va .*)$', text, re.M))
            compare(f'gguf-dq-json(5): {title}: {name}', members_of(value),
                    set(re.findall(r'[a-z_]+', named.replace('Va ', ''))))


def check_json(page, program, program_with_gpu, root, folder):
    """The members of the reports, in order."""
    def report(*command, **kwargs):
        done = subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE, **kwargs)
        return json.loads(done.stdout)

    bodies = sections(page['REPORTS'], 'Ss')
    wrong = {**os.environ, 'DQ_HOST_WRONG': 'bits:5-5'}
    verified = report(program_with_gpu, 'verify', '--json', 'model.gguf', 'output.weight', env=wrong)
    listed = report(program, 'list', '--json', '--meta=short', 'model.gguf')
    extracted = report(program, 'extract', '-n', '--json', '-o', 'fields', 'model.gguf')
    hf = '--layout', 'hf', '--json', 'model.gguf', 'blk.0.attn_q'
    hf_listed = report(program, 'list', *hf)
    hf_extracted = report(program, 'extract', '-n', '-o', 'fields', *hf)
    hf_copied = report(program, 'extract', '-n', '-o', 'fields/', '--hf-config', 'original', *hf)
    shown = report(program, 'show', '--json', 'model.gguf', 'output.bias')
    blocks = report(program, 'show', '--json', '--blocks', 'model.gguf', 'output.bias')['tensors'][0]
    hashed = report(program, 'hash', '--json', 'model.gguf')
    other = bytearray((folder / 'model.gguf').read_bytes())
    offset = next(t['offset'] for t in listed['tensors'] if t['name'] == 'output.bias')
    other[offset] ^= 1
    (folder / 'other.gguf').write_bytes(other)
    counted = report(program, 'stats', '--json', '--percentiles=50', '--fit', '--codes', 'model.gguf',
                     'output.bias')
    compared = report(program, 'compare', '--json', '--percentiles=50', 'model.gguf', 'other.gguf', 'output.bias')
    hf_element = hf_extracted['outputs'][0]
    snapshot = folder / 'hub/models--org--repo/snapshots/1'
    snapshot.mkdir(parents=True)
    shutil.copy(folder / 'model.gguf', snapshot)
    cached = report(program, 'list', '--json', 'hf:', env={**os.environ, 'HF_HUB_CACHE': folder / 'hub'})
    checked = report(program, 'check', '--json', root / 'data/gguf/bad/overlap_partial.gguf')
    measured = report(program, 'bench', '--json', '--device', 'cpu', '--time', '1', '--type', 'q4_0',
                      'model.gguf')
    devices = report(program, 'devices', '--json')
    types = report(program, 'types', '--json')
    for title, whole, element in (
            ('list', listed, listed['tensors'][0]),
            ('list with --layout hf', {key: hf_listed[key] for key in hf_listed if key not in listed},
             hf_listed['arrays'][0]),
            ('list of a cache', cached, cached['models'][0]),
            ('extract and manifests', extracted, extracted['outputs'][0]),
            ('extract with --layout hf', {}, {key: hf_element[key] for key in hf_element
                                              if key not in extracted['outputs'][0]}),
            ('extract with --hf-config', {key: hf_copied[key] for key in hf_copied if key not in extracted},
             hf_copied['copies'][0]),
            ('show', shown, shown['tensors'][0]),
            ('show with --blocks', {key: blocks[key] for key in blocks if key not in shown['tensors'][0]},
             blocks['blocks'][0]),
            ('hash', hashed, hashed['tensors'][0]),
            ('stats', counted, counted['tensors'][0]),
            ('compare', compared, compared['tensors'][0]),
            ('verify', verified, verified['tensors'][0]),
            ('check', checked, checked['diagnostics'][0]),
            ('bench', measured['limits'][0], measured['results'][0]),
            ('devices', devices, devices['devices'][0]),
            ('types', types, types['types'][0])):
        check_members(title, bodies[title], whole, element)
    estimated = bodies['bench'].split('.Va model ,\n')[1]
    compare('gguf-dq-json(5): bench: model', set(measured['model'][0]),
            set(re.findall(r'^\.Va (\w+)', estimated, re.M)))


# The completions. Each file lists its options in one regular form.

def bash_options(text, commands):
    lists = {name: set(words.split()) for name, words in
             re.findall(r"^    local (\w+)='([^']*)'$", text, re.M)}
    arms = dict(re.findall(r'^        (\w+)\) options="([^"]*)" ;;$', text, re.M))
    compare('gguf-dq.bash: commands', set(commands), lists.pop('commands', set()))
    return {command: set().union(*(lists[name] for name in re.findall(r'\$(\w+)', names)))
            for command, names in arms.items()}


def zsh_options(text, commands):
    lists = {}
    for name, body in re.findall(r'^  (\w+)=\(\n(.*?)^  \)$', text, re.M | re.S):
        heads = [line.strip().split('[')[0] for line in body.splitlines()]
        lists[name] = set(re.findall(r'--?[\w-]*\w', ' '.join(heads)))
        if name == 'commands':
            compare('_gguf-dq: commands', set(commands), set(re.findall(r"'(\w+):", body)))
    arms = dict(re.findall(r'^    \((\w+)\) specs=\(([^)]*)\) ;;$', text, re.M))
    return {command: set().union(*(lists[name] for name in re.findall(r'\$(\w+)', names)
                                   if name != 'operands'))
            for command, names in arms.items()}


def fish_options(text, commands):
    found = {}
    compare('gguf-dq.fish: commands', set(commands),
            set(re.findall(r'-n __gguf_dq_using -a (\w+)', text)))
    for owners, rest in re.findall(r"^complete -c gguf-dq -n '__gguf_dq_using ([\w ]+)' (.*)$", text,
                                   re.M):
        options = {'-' + s for s in re.findall(r'(?:^| )-s (\w)', rest)}
        options |= {'--' + s for s in re.findall(r'(?:^| )-l ([\w-]+)', rest)}
        for command in owners.split():
            found.setdefault(command, set()).update(options)
    return found


# Where each file says which options are followed by a word that is not the model.
ARGUMENTS = {'gguf-dq.bash': r'case \$REPLY in\n +(--tensor [^)]*)\)', '_gguf-dq': r'^ +\((--[^)]*)\) \(\(i\+\+\)\) ;;',
             'gguf-dq.fish': r'set -l takes_argument ((?:.*\\\n)*.*)'}


def check_completions(root, options):
    taking = {long for rows in options.values() for long, (_, takes) in rows.items() if takes}
    for name, pattern in ARGUMENTS.items():
        found = ' '.join(re.findall(pattern, (root / 'data/completions' / name).read_text(), re.M))
        compare(f'{name}: options with an argument', taking, set(re.findall(r'--[\w-]+', found)))
    for name, reader in zip(COMPLETIONS, (bash_options, zsh_options, fish_options)):
        found = reader((root / 'data/completions' / name).read_text(), options)
        compare(f'{name}: commands with options', set(options), set(found))
        for command, expected in options.items():
            compare(f'{name}: options of {command}', flat(expected), found.get(command, set()))


def check_devices(manual, program, root):
    """The arguments of --device: in the program, the manual and the completions."""
    refused = subprocess.run([program, 'verify', '--device', 'x'], text=True, stderr=subprocess.PIPE)
    names, numbered = re.search(r'x: expected (.*), where N is a number or (all)', refused.stderr).groups()
    vendors = re.findall(r'(\w+)\[:N\]', names)
    expected = [*re.findall(r'\w+', names.replace('[:N]', '')), *(f'{v}:{numbered}' for v in vendors)]
    expected.remove('or')
    for word in expected:
        done = subprocess.run([program, 'verify', '--self-test', '-d', 'f32', '--device', word],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode not in (0, 7):
            complain(f'--device {word}: exit {done.returncode}')
    for name, form in (('gguf-dq.bash', r"_add_words '(auto [^']*)'"), ('_gguf-dq', r':\((auto [^)]*)\)'),
                       ('gguf-dq.fish', r"-a '(auto [^']*)'")):
        text = (root / 'data/completions' / name).read_text()
        compare(f'{name}: devices', expected,
                re.search(form, text).group(1).replace('\\', '').split())
    item = manual['OPTIONS'].split('.It Fl -device')[1].split('.It Fl')[0]
    compare('manual: devices', {*expected} - {f'{v}:{numbered}' for v in vendors if v != 'gpu'},
            set(re.findall(r'^\.Cm (\w+(?::all)?)(?= |$)', item, re.M)) - {numbered})
    if 'gpu:all' not in output_of(program, 'extract', '--help'):
        complain('--help: gpu:all is missing')


# The READMEs.

def readme_blocks(text, language):
    """Returns fenced blocks as pairs of the title of their section and their text."""
    blocks = []
    section = ''
    for part in re.split(r'^(?=## )', text, flags=re.M):
        match = re.match(r'## (.*)', part)
        section = match.group(1) if match else ''
        blocks += [(section, body) for body in re.findall(rf'^```{language}\n(.*?)^```$', part,
                                                          re.M | re.S)]
    return blocks


def check_readme(root, types):
    text = (root / 'README.md').read_text()
    n_words = len(re.findall(r'\S*\w\S*', text))  # without the bars of tables
    if n_words > README_WORDS:
        complain(f'README: {n_words} words, but it should have at most {README_WORDS}')
    start = [body for section, body in readme_blocks(text, 'sh') if section == 'Quick start']
    if len(start) != 2:
        complain(f'README: Quick start has {len(start)} commands instead of 2')
    elif start[1].strip() not in (root / '.ci/run').read_text():
        complain(f'README: .ci/run does not contain the second command: {start[1].strip()}')
    else:
        packages = re.search(r'apt-get install -y([^&]*)&&', start[0]).group(1).replace('\\', ' ').split()
        compare('.ci/run: packages of the README', packages,
                set(packages) & set((root / '.ci/run').read_text().split()))
    section = re.search(r'^## Types$(.*?)^## ', text, re.M | re.S)
    found = re.findall(r'\b[A-Z]+\d+(?:_\w+)?\b', section.group(1)) if section else []
    compare('README: types', {f['name'] for f in types}, set(found))


def check_architectures(root):
    with open(root / 'data/layout.json', encoding='utf-8') as table:
        n = len(json.load(table)['architectures'])
    for path in ('README.md', MAN_PAGES[0]):
        found = re.findall(r'(\d+) architectures', (root / path).read_text())
        if found != [str(n)]:
            complain(f'{path}: {found} architectures instead of {n}')


def check_links(root):
    """Relative links of all READMEs, and the names that they say are in a file: `name` in [file](file)."""
    paths = [root / 'README.md']
    for folder in ('src', 'hip', 'tests', 'data'):
        paths += (root / folder).glob('**/README.md')
    n_links = 0
    for path in paths:
        for target in re.findall(r'\]\(([^)#\s]+)(?:#[^)]*)?\)', path.read_text()):
            if '://' not in target:
                n_links += 1
                if not (path.parent / target).exists():
                    complain(f'{path.relative_to(root)}: there is no {target}')
        for name, target in re.findall(r'`(\w+)` in \[[^\]]*\]\(([^)#\s]+)\)', path.read_text()):
            if (path.parent / target).is_file() and name not in (path.parent / target).read_text():
                complain(f'{path.relative_to(root)}: there is no {name} in {target}')
    if n_links < 8:
        complain(f'READMEs: only {n_links} links found')


def check_foreign(root):
    paths = ['README.md', 'src/README.md', *MAN_PAGES, *('data/completions/' + name for name in COMPLETIONS)]
    for path in paths:
        for number, line in enumerate((root / path).read_text().splitlines(), 1):
            for pattern in FOREIGN:
                if re.search(pattern, line):
                    complain(f'{path}:{number}: specific to one machine: {line.strip()}')


# The examples.

def python_with_numpy():
    for folder in [str(pathlib.Path(sys.executable).parent)] + os.get_exec_path():
        python = shutil.which('python3', path=folder)
        if python and subprocess.run([python, '-c', 'import numpy'],
                                     stderr=subprocess.DEVNULL).returncode == 0:
            return python
    sys.exit('check_doc.py: the examples need a python3 with numpy on the PATH')


def run_example(what, command, folder, environment):
    done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    if done.returncode != 0:
        complain(f'{what}: exit {done.returncode}: {command[-1].strip()}\n'
                 + done.stdout.decode(errors='replace'))


def manual_examples(text):
    return [plain(body) for body in
            re.findall(r'^\.Bd -literal[^\n]*\n(.*?)^\.Ed$', text, re.M | re.S)]


def make_tools(folder, program):
    """Makes a folder for the PATH, with the program and a python3 that has numpy."""
    folder.mkdir()
    (folder / 'gguf-dq').symlink_to(program)
    # A wrapper, because an interpreter finds its modules by the path that it was started by.
    wrapper = folder / 'python3'
    wrapper.write_text(f'#!/bin/sh\nexec {python_with_numpy()} "$@"\n')
    wrapper.chmod(0o755)
    environment = {**os.environ, 'PATH': f'{folder}:{os.environ["PATH"]}'}
    for name in [name for name in environment if name.startswith('GGUF_DQ_')]:
        del environment[name]
    return environment


def run_session(text, folder, environment):
    """Commands after "$ ", each followed by what it prints."""
    for part in re.split(r'^\$ ', text, flags=re.M)[1:]:
        command, expected = part.split('\n', 1)
        done = subprocess.run(['bash', '-c', command], cwd=folder, env=environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=60)
        if done.stdout != expected:
            complain(f'README: $ {command}\n{done.stdout}but should print\n{expected}')


def check_examples(pages, program, program_with_gpu, root, scratch):
    """Those of the manual pages, and those of the README, in a folder each, in the order of the text."""
    usual = make_tools(scratch / 'bin', program)
    with_gpu = make_tools(scratch / 'bin-gpu', program_with_gpu)
    examples, gpu_examples = pages[0]['EXAMPLES'].split('.Ss With a GPU\n')
    readme = (root / 'README.md').read_text()
    blocks = readme_blocks(readme, 'sh')
    sessions = readme_blocks(readme, 'console')
    for what, least, commands, environment in (
            ('manual', 18, manual_examples(examples), usual),
            ('manual, GPU', 4, manual_examples(gpu_examples), with_gpu),
            ('gguf-dq-json(5)', 3, manual_examples(pages[1]['EXAMPLES']), usual),
            ('README', 6, [body for section, body in blocks if section == 'Recipes'], usual),
            ('README, GPU', 1, [body for section, body in blocks if section == 'GPUs'], with_gpu)):
        folder = scratch / what.split(',')[0]
        (folder / 'data').mkdir(parents=True, exist_ok=True)
        shutil.copy(root / 'data/sample.gguf', folder / 'data/sample.gguf')
        shutil.copy(root / 'data/sample.gguf', folder / 'model.gguf')
        shutil.copy(root / 'data/hf/llama/model-q4_k.gguf', folder / 'llama.gguf')
        shutil.copytree(root / 'data/hf/llama', folder / 'original', dirs_exist_ok=True)
        if len(commands) < least:
            complain(f'{what}: only {len(commands)} examples found')
        for command in commands:
            run_example(what, ['bash', '-e', '-o', 'pipefail', '-c', command], folder, environment)
    for section, code in readme_blocks(readme, 'python'):
        run_example(f'README: {section}', ['python3', '-c', code], scratch / 'README', usual)
    if len(sessions) != 1:
        complain(f'README: {len(sessions)} sessions instead of 1')
    for _, text in sessions:
        run_session(text, scratch / 'README', usual)
    check_json(pages[1], program, program_with_gpu, root, scratch / 'manual')


def main():
    program, program_with_gpu = (os.path.abspath(word) for word in sys.argv[1:3])
    root = pathlib.Path(sys.argv[3]).resolve()
    pages = [sections((root / path).read_text(), 'Sh') for path in MAN_PAGES]
    manual = pages[0]
    types = json.loads(output_of(program, 'types', '--json'))['types']
    options = {command: program_options(program, command) for command in program_commands(program)}
    if not options or not all(options.values()):
        sys.exit('check_doc.py: --help has a form that this script cannot read')
    check_manual_options(manual, options)
    check_statuses(manual, root)
    check_types(manual, types)
    check_patterns(manual, root)
    check_rules(manual, root)
    check_completions(root, options)
    check_devices(manual, program_with_gpu, root)
    check_readme(root, types)
    check_architectures(root)
    check_links(root)
    check_foreign(root)
    with tempfile.TemporaryDirectory() as scratch:
        check_diagnostic(manual, program, root, pathlib.Path(scratch))
        check_examples(pages, program, program_with_gpu, root, pathlib.Path(scratch))
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == '__main__':
    main()
