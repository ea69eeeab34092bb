#!/bin/sh
# meson: timeout=120
# Pages: everything is there, names cannot inject anything, commands show what the page says, and only pages are
# replaced.
cp "$DATA/gguf/good/all_types.gguf" "it's \"a\" <model>.gguf"
"$PYTHON" - <<'END_PYTHON'
import json
import shlex
import subprocess

import gguf_writer
import numpy
from html_page import Page

def run(*words):
    return subprocess.run(['gguf-dq', *words], check=True, stdout=subprocess.PIPE).stdout

def check(path, *words, figure='std'):
    """The page against the report for programs."""
    rows = json.loads(run('stats', '--json', '--html', 'page.html', *words, path))['tensors']
    page = Page('page.html')
    table = page.table()
    names = [row['name'] + (row['slice'] or '') for row in rows]
    assert names == [row['NAME'] for row in table], (names, [row['NAME'] for row in table])
    for row, shown in zip(rows, table):
        for key in ('mean', 'std', 'min', 'max', 'crest'):
            assert (shown[key.upper()] or None) == row[key] or row[key] == shown[key.upper()], (row['name'], key)
    for title, (colour, link) in page.cells.items():
        name, value = title.rsplit(f': {figure} ', 1)
        row = next(row for row, full in zip(rows, names) if full == name)
        assert value == ('undefined' if row[figure] is None else f'{row[figure]:.6g}'), title
        assert (colour is None) == (row[figure] is None)
        assert page.row_of(title)['NAME'] == name
    for place, command in zip(page.places, page.commands):
        words = shlex.split(command)
        assert words[:2] == ['gguf-dq', 'show']
        weight = float(place.split('a weight of ')[1].split(',')[0])
        shown = run(*[word for word in words[1:] if word != '--blocks'], '-f', 'csv').decode()
        assert f'{numpy.float32(shown.splitlines()[-1].split(",")[-1]):.6g}' == f'{weight:.6g}', (command, shown)
        assert run(*words[1:])
    assert len(page.places) == min(10, sum(row['crest'] is not None for row in rows)), page.places
    return page, rows

page, rows = check('it\'s "a" <model>.gguf')
assert page.remarks[0] == 'it\'s "a" <model>.gguf' or page.remarks[1].startswith('Tensors: ')
assert len(page.paths) == len(rows)

rng = numpy.random.default_rng(1)
hostile = ['<script>alert(1)</script>', 'blk.7."><img src=x onerror=alert(2)>', "it's & 'quoted'", '\x1b[31mred', '.', 'a[0]',
           '&lt;b&gt;', '</title></table>', 'blk.99999999.weight', 'blk.9999999999.weight', 'n' * 300, '\u65e5\u672c.3.\u8a9e']
layers = [f'blk.{i}.{kind}' for i in (0, 1, 2, 10) for kind in ('attn_q.weight', 'ffn_up.weight')]
with open('m.gguf', 'wb') as file:
    file.write(gguf_writer.model([], [
        *((name, 'f32', [32], rng.standard_normal(32).astype('<f4').tobytes()) for name in hostile + layers),
        ('nan', 'f32', [32], numpy.full(32, numpy.nan, '<f4').tobytes()),
        ('equal', 'f32', [32], numpy.zeros(32, '<f4').tobytes()), ('scalar', 'f32', [], bytes(4)),
        ('experts.5.exps', 'f32', [4, 2, 3], numpy.arange(24, dtype='<f4').tobytes())]))
page, rows = check('m.gguf')
assert len(page.cells) == len(rows) == len(hostile + layers) + 4
assert page.kinds.count('blk.*.attn_q.weight') == 1 and 'experts.*.exps' in page.kinds
assert page.cells['nan: std undefined'][0] is None

# Sorted and cut: the map still has every tensor; the colours are those of the figure.
page, rows = check('m.gguf', '--sort', 'max', '-t', 'blk.*', figure='max')
assert [row['max'] for row in rows] == sorted((row['max'] for row in rows), reverse=True)
assert page.cells[f"{rows[0]['name']}: max {rows[0]['max']:.6g}"][0] == 'c8'
run('stats', '-q', '--sort', '-mean', '--top', '2', '--html', 'page.html', 'm.gguf', '-t', 'blk.*')
page = Page('page.html')
assert len(page.rows) == 3 and len(page.cells) == 11 and sum(link is not None for _, link in page.cells.values()) == 2

# Parts: a cell of the map has the greatest, and links to its row.
run('stats', '-q', '--by', 'matrix', '--html', 'page.html', '--columns', 'name,max,octaves', '--sort=max', 'm.gguf', '-t', 'experts*')
page = Page('page.html')
assert page.cells == {'experts.5.exps[2]: max 23': ('c8', '#r0')} and page.headings == ['NAME', 'MAX', '2^-20 OCTAVES 2^3']
END_PYTHON
echo keep >other.html
ln -s page.html link.html
mkdir folder
for file in other.html link.html folder missing/p.html . - page.html/p.html; do
    gguf-dq stats --html "$file" -q m.gguf equal
    echo "$?"
done
gguf-dq stats --html m.gguf m.gguf equal
gguf-dq stats --html new.html --by row m.gguf
cp "$DATA/gguf/bad/type_unknown_43.gguf" bad.gguf
gguf-dq stats --html new.html bad.gguf
echo "$?"
grep -c '<tr id' new.html
gguf-dq stats --html none.html missing.gguf
echo "$?"
cat other.html
ls -A
