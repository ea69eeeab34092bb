"""Reads a page that --html wrote, as a browser would, and refuses what does not belong into one."""
import base64
import hashlib
import html.parser

ATTRIBUTES = {  # of each element that a page may have
    'html': {'lang'}, 'meta': {'charset', 'name', 'content', 'http-equiv'}, 'title': set(), 'style': set(), 'script': set(),
    'h1': set(), 'h2': set(), 'p': {'class'}, 'code': set(), 'span': set(), 'i': {'class'}, 'div': {'class'}, 'ol': set(),
    'li': set(), 'table': set(), 'thead': set(), 'tbody': set(), 'tr': {'id'}, 'th': {'class'}, 'td': {'class', 'data-value'},
    'svg': {'class', 'width', 'height', 'viewbox', 'role', 'aria-label'}, 'path': {'d'}, 'a': {'href'},
    'text': {'class', 'x', 'y'}, 'rect': {'class', 'x', 'y', 'width', 'height'}}
ALONE = {'meta'}


class Page(html.parser.HTMLParser):
    """headings and rows of the table (text, or the number in data-value), ids; on the map, {title: (class, link)} and
    kinds; the commands of places, remarks, scripts."""

    def __init__(self, path):
        super().__init__()
        self.headings, self.rows, self.ids, self.cells, self.kinds = [], [], [], {}, []
        self.commands, self.places, self.remarks, self.paths = [], [], [], []
        self.open, self.texts, self.policy = [], [], None
        with open(path, encoding='utf-8', newline='') as file:
            self.feed(file.read())
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert set(names) <= ATTRIBUTES[tag] and len(set(names)) == len(names), (tag, attrs)
        attrs = dict(attrs)
        assert attrs.get('href', '#').startswith('#')
        if tag == 'tr':
            self.rows.append([])
            self.ids.append(attrs.get('id'))
        if attrs.get('http-equiv') == 'Content-Security-Policy':
            self.policy = attrs['content']
        if tag == 'path':
            self.paths.append(attrs['d'])
        if tag not in ALONE:
            self.open.append((tag, attrs))
            self.texts.append('')

    def handle_data(self, data):
        if self.texts:
            self.texts[-1] += data

    def handle_endtag(self, tag):
        (opened, attrs), text = self.open.pop(), self.texts.pop()
        assert tag == opened, (tag, opened)
        outer = [name for name, _ in self.open]
        if tag == 'th':
            self.headings.append(text)
        elif tag == 'td':
            self.rows[-1].append(float(attrs['data-value']) if 'data-value' in attrs else text)
        elif tag == 'title' and outer[-1] == 'rect':
            link = self.open[-2][1].get('href') if outer[-2] == 'a' else None
            assert text not in self.cells, text
            self.cells[text] = (self.open[-1][1].get('class'), link)
        elif tag == 'title' and outer[-1] == 'text':
            self.kinds.append(text)
        elif tag == 'code' and outer[-1] == 'li':
            self.commands.append(text)
        elif tag == 'li':
            self.places.append(text)
        elif tag == 'p':
            self.remarks.append(text)
        elif tag == 'script':
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert self.policy == f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"

    def handle_comment(self, data):
        raise AssertionError(data)

    def table(self):
        """The rows as dictionaries by heading."""
        return [dict(zip(self.headings, row)) for row in self.rows[1:]]

    def row_of(self, title):
        """The row that a cell of the map links to."""
        return self.table()[self.ids[1:].index(self.cells[title][1].lstrip('#'))]
