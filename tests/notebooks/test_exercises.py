"""Exercises hold what they say: their code runs at smoke scale, and what they name is there.

A block of code is run after the chapter's definitions, and after those statements of the chapter,
at smoke scale, that bind the other names that it uses: what a reader has who ran the chapter.
"""

import ast
import builtins
import json
import re
from pathlib import Path

import pytest

from fashret_utils import chapters

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "\n".join(path.read_text() for path in (ROOT / "fashret_utils").rglob("*.py"))
BLOCK = re.compile(r"^(?P<indent> *)```python\n(?P<code>.*?)^ *```", re.M | re.S)
ROLE = re.compile(r"\{[\w:]+\}`[^`\n]*`")
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
WORD = re.compile(r"[A-Za-z_]{2,}")


def exercises(name):
    """The markdown of a chapter from the heading of its exercises on."""
    cells = json.loads(chapters.path_of(name, ROOT).read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    assert "\n## Exercises\n" in text, f"{name} has no exercises"
    return text.split("\n## Exercises\n")[1]


def blocks(name):
    """Blocks of code of a chapter's exercises."""
    return [re.sub(f"^{m['indent']}", "", m["code"], flags=re.M) for m in found(name)]


def found(name):
    return BLOCK.finditer(exercises(name))


BLOCKS = [
    pytest.param(name, code, id=f"{name}, block {number}")
    for name in chapters.names(ROOT)
    for number, code in enumerate(blocks(name), 1)
]


def used(node):
    """Names that a statement reads from outside: not those of its own loops and arguments."""
    names = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
    loops = [n.target for n in ast.walk(node) if isinstance(n, ast.comprehension)]
    own = {n.id for loop in loops for n in ast.walk(loop) if isinstance(n, ast.Name)}
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef | ast.Lambda):
            own |= {n.arg for n in ast.walk(inner) if isinstance(n, ast.arg)}
            own |= {n.id for n in ast.walk(inner) if isinstance(n, ast.Name) and is_stored(n)}
    return {n.id for n in names if isinstance(n.ctx, ast.Load)} - own


def bound(statement):
    """Names that a statement at the top level binds, or whose parts it sets."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
    names = [n for n in ast.walk(statement) if isinstance(n, ast.Name | ast.Subscript)]
    stored = [n.value if isinstance(n, ast.Subscript) else n for n in names if is_stored(n)]
    return {n.id for n in stored if isinstance(n, ast.Name)}


def is_stored(node):
    return isinstance(node.ctx, ast.Store)


def asked_for(program):
    """Names that a program reads before it binds them."""
    wanted, own = set(), set()
    for statement in program.body:
        wanted |= used(statement) - own
        own |= bound(statement)
    return wanted


def before(code, statements, known):
    """The statements of a chapter that bind what a block uses, and what these use, in order."""
    wanted, chosen = asked_for(ast.parse(code)), []
    for statement in reversed(statements):
        if bound(statement) & (wanted - known):
            chosen.insert(0, statement)
            wanted |= used(statement)
    return chosen


def statements(name):
    """The chapter's program without its definitions, statement by statement."""
    cells = chapters.code_cells(chapters.path_of(name, ROOT))
    cells = [cell for cell in cells if not cell.tags & {"definition", "parameters"}]
    return [statement for cell in cells for statement in ast.parse(cell.source).body]


def run(name, code, folder):
    """Run a block as a reader at smoke scale would; its names."""
    names = dict(vars(chapters.definitions(name, ROOT)))
    names |= chapters.defaults(name, ROOT) | {"scale": "smoke", "device": "cpu"}
    names |= {"results": str(folder / "results"), "display": print}
    first = before(code, statements(name), set(names) | set(dir(builtins)))
    for program in (ast.Module(first, []), ast.parse(code)):
        exec(compile(program, f"exercises of {name}", "exec"), names)
    return names


def test_there_are_blocks_to_run():
    assert BLOCKS


@pytest.mark.parametrize(("name", "code"), BLOCKS)
def test_a_block_runs_after_its_chapter(name, code, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT / "notebooks")  # where a chapter runs
    run(name, code, tmp_path)


@pytest.mark.parametrize("name", chapters.names(ROOT))
def test_what_an_exercise_names_is_in_the_book(name):
    notebooks = [chapters.path_of(other, ROOT) for other in chapters.names(ROOT)]
    code = [cell.source for path in notebooks for cell in chapters.code_cells(path)]
    words = set(WORD.findall("\n".join([PACKAGE, *code, *blocks(name)]))) | set(dir(builtins))
    for span in SPAN.findall(ROLE.sub("", BLOCK.sub("", exercises(name)))):
        unknown = set(WORD.findall(span)) - words
        assert not unknown, f"`{span}` of an exercise: {', '.join(unknown)} is nowhere in the code"


def test_only_what_a_block_needs_is_run_before_it():
    lines = ["a = 1", "slow()", "b = [x for x in range(a)]", "b[0] = 7", "c = known + b", "d = 5"]
    program = ast.parse("\n".join(lines)).body
    chosen = before("d = c\nprint(d)", program, {"known", "slow", "print", "range"})
    wanted = [lines[0], *lines[2:5]]
    assert [ast.unparse(statement) for statement in chosen] == wanted
