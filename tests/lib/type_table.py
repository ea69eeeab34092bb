"""Reads src/type/types.def for scripts."""
import re


def read(path):
    """Returns {token: {column: its text, without quotes}} in the order of the rows."""
    with open(path, encoding='utf-8') as f:
        rows = re.findall(r'^DQ_TYPE\((\w+), (.*)\)$', f.read(), re.M)
    return {token: {column: text.strip('"') for column, text in
                    re.findall(r'(\w+)\(([^)]*)\)', columns)} for token, columns in rows}
