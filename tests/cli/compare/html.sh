#!/bin/sh
# The page of a comparison: its figures are those of the report, and its commands show both weights.
"$PYTHON" - <<'END_PYTHON'
import json
import re
import shlex
import subprocess

import gguf_writer
import numpy
from html_page import Page

rng = numpy.random.default_rng(1)
arrays = {f'blk.{i}.{kind}': rng.standard_normal((6, 32)).astype('<f4') for i in range(3) for kind in ('a', 'b')}
arrays.update({'<i>': arrays['blk.0.a'][0], 'scalar': numpy.float32([3]), 'nan': numpy.full(32, numpy.nan, '<f4')})

def write(path, tensors):
    with open(path, 'wb') as file:
        file.write(gguf_writer.model([], [(name, 'f32', [] if name == 'scalar' else [*x.shape[::-1]], x.tobytes())
                                          for name, x in tensors.items()]))

def run(*words):
    return subprocess.run(['gguf-dq', *words], check=True, stdout=subprocess.PIPE).stdout.decode()

write('reference.gguf', {**arrays, 'only': arrays['<i>']})
for i, name in enumerate(name for name in arrays if name != 'blk.1.a'):
    noise = numpy.zeros_like(arrays[name])
    noise.flat[-1 - i % noise.size] = 0.001 * 10 ** i
    arrays[name] = arrays[name] + noise
write('model.gguf', arrays)
rows = json.loads(run('compare', '--json', '--html', 'page.html', 'reference.gguf', 'model.gguf'))['tensors']
page = Page('page.html')
table = page.table()
assert [row['NAME'] for row in table] == [row['name'] for row in rows]
assert [None if row['NMSE'] == '' else row['NMSE'] for row in table] == [row['nmse'] for row in rows]
assert {title: colour for title, (colour, _) in page.cells.items() if colour in (None, 'c0')} == {
    'nan: nmse undefined': None, 'blk.1.a: nmse 0': 'c0', 'blk.0.a: nmse ' + format(rows[0]['nmse'], '.6g'): 'c0'}
assert 'Only in the model: 0. Only in the reference: 1.' in page.remarks
worst = sorted((row for row in rows if row['nmse']), key=lambda row: -row['nmse'])
assert [place.split(': nmse')[0] for place in page.places] == [row['name'] for row in worst]
commands = iter(page.commands)
for place in page.places:
    values = re.search(r': ([-.e\d]+) in the reference, ([-.e\d]+) in the model', place).groups()
    for path, value in zip(('reference.gguf', 'model.gguf'), values):
        words = shlex.split(next(commands))
        assert words[:3] == ['gguf-dq', 'show', path]
        assert numpy.float32(run(*words[1:]).split()[-1]) == numpy.float32(value), (words, value)
assert not list(commands)

# A reference that show cannot open; and a sorted report.
numpy.save('a.npy', arrays['blk.0.a'] + numpy.float32(1))
run('compare', '--html', 'page.html', '--sort', 'max_abs', 'a.npy', 'model.gguf', 'blk.0.a')
page = Page('page.html')
assert len(page.commands) == 1 and page.commands[0].startswith("gguf-dq show model.gguf 'blk.0.a["), page.commands
assert page.cells == {'blk.0.a: max_abs 1': ('c8', '#r0')}, page.cells

# Parts of tensors: a place of the map has the worst, whose largest difference is shown.
experts = rng.standard_normal((3, 4, 32)).astype('<f4')
write('reference.experts.gguf', {'blk.5.experts': experts})
experts[1, 2, 3] += numpy.float32(2)
experts[2, 0, 1] += numpy.float32(1)
write('experts.gguf', {'blk.5.experts': experts})
run('compare', '--by', 'matrix', '--html', 'page.html', 'reference.experts.gguf', 'experts.gguf')
page = Page('page.html')
assert [row['NAME'] for row in page.table()] == [f'blk.5.experts[{i}]' for i in range(3)]
(title, (colour, link)), = page.cells.items()
assert title.startswith('blk.5.experts[1]: nmse ') and link == '#r1', title
assert page.commands[:2] == [f"gguf-dq show {path} 'blk.5.experts[1,2,3]'"
                             for path in ('reference.experts.gguf', 'experts.gguf')], page.commands
END_PYTHON
gguf-dq compare --equal --html page.html reference.gguf model.gguf blk.1.a blk.0.a | cut -d' ' -f1
grep -c '<tr id' page.html
cp model.gguf copy.gguf
gguf-dq compare --html copy.gguf reference.gguf model.gguf
cmp copy.gguf model.gguf
