"""Make tables narrower, so that their last columns need no scrolling.

Long names may break after an underscore or a comma, short ones do not break, a number stays with
its interval, and the two head rows that pandas writes for a named index become one.
"""

import re

TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
TEXT = re.compile(r'(<span class="math.*?</span>)|(?<=>)([^<>]+)(?=<)', re.DOTALL)  # not formulas
INTERVAL = re.compile(r"(?<=\d) \[([^\[\]]*\d), ([^\[\]]*\d)\]")
HEAD = re.compile(r"<thead>\s*<tr[^>]*>(.*?)</tr>\s*<tr[^>]*>(.*?)</tr>\s*</thead>", re.DOTALL)
SHORT = re.compile(r"(?<![\w-])(?=[\w-]{3,10}(?![\w-]))\w+-\w+")  # such as GSN-C1
LONG = re.compile(r"\w[\w,]{12,}")
CELL = re.compile(r"<th>(.*?)</th>", re.DOTALL)  # one with attributes spans several columns


def setup(app):
    """Sphinx's entry."""
    app.connect("html-page-context", _narrow)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _narrow(app, pagename, templatename, context, doctree):
    if "body" in context:
        context["body"] = TABLE.sub(lambda found: narrow(found[0]), context["body"])


def narrow(table):
    """The HTML of a table, its text and numbers unchanged."""
    return TEXT.sub(_breakable, HEAD.sub(_one_row, table, count=1))


def _breakable(found):
    formula, text = found.groups()
    if formula:
        return formula
    text = INTERVAL.sub("\N{NO-BREAK SPACE}[\\1,\N{NO-BREAK SPACE}\\2]", text)
    text = SHORT.sub(r'<span class="whole">\g<0></span>', text)
    return LONG.sub(lambda name: re.sub(r"(?<=[_,])(?=[^\W\d])", "<wbr>", name[0]), text)


def _one_row(found):
    """Names of columns, and in the same row those of the index, which pandas writes below."""
    names, index = (CELL.findall(row) for row in found.groups())
    if len(names) != len(index) or any(map(all, zip(names, index, strict=True))):
        return found[0]
    cells = "".join(f"<th>{a or b}</th>" for a, b in zip(names, index, strict=True))
    return f"<thead><tr>{cells}</tr></thead>"
