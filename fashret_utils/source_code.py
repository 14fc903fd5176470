"""Programs as syntax trees: what they say whatever their layout, and what they import."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

PACKAGE = "fashret_utils"


def source_hash(paths: Iterable[Path]) -> str:
    """Hash Python files without comments, docstrings and layout.

    **Returns** 16 hexadecimal digits; the order of the files does not count.
    """
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(canonical_file(path).encode())
    return digest.hexdigest()[:16]


def reached(starts: Iterable[Path], package: Path, closed: Iterable[Path] = ()) -> set[Path]:
    """The modules of the package that some of its modules import, directly or not.

    **Arguments**: `starts` - paths of modules, which are part of the result; `package` - the
    package's folder; `closed` - modules that are not looked into.
    """
    found, waiting, closed = set(), list(starts), set(closed)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            if path not in closed:
                waiting += _imports_of(path, path.stat().st_mtime_ns, package)
    return found


def imported(source: str, package: Path, within: tuple[str, ...] = ()) -> set[Path]:
    """The modules of the package that a program imports, anywhere in it.

    **Arguments**: `source` - a module or a notebook cell; its lines of magics are passed over;
    `package` - the package's folder; `within` - the names of the packages, from the outermost on,
    that the program lies in, for its relative imports.
    """
    inside = {name[1:] for name in _names(source, within) if name[:1] == (PACKAGE,)}
    return {path for name in inside for path in _files(name, package)}


@lru_cache(maxsize=1024)
def _names(source: str, within: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    """What a program imports: dotted names, split at the dots."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError:
        return frozenset()
    names = set()
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            names |= {tuple(alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = within[: len(within) - node.level + 1] if node.level else ()
            base += tuple(node.module.split(".")) if node.module else ()
            names |= {base, *((*base, alias.name) for alias in node.names)}
    return frozenset(names)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements in a program, of any depth; what is within an expression is passed over."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield child
            yield from _statements(child)


@lru_cache(maxsize=1024)
def _imports_of(path: Path, modified: int, package: Path) -> frozenset[Path]:
    """`modified` is there to renew the cache."""
    within = (PACKAGE, *path.relative_to(package).parent.parts)
    return frozenset(imported(path.read_text(encoding="utf-8"), package, within))


def _files(name: tuple[str, ...], package: Path) -> list[Path]:
    """The files that importing a dotted name runs; its last part may be a name in a module.

    A name that a room hands on when it is asked for (`lazy_loader`) is looked up in its door.
    """
    door = package.joinpath(*name[:-1], "__init__.py")
    if name and door.is_file() and (module := _handed_on(door).get(name[-1])):
        return [door, *_files((*name[:-1], module, name[-1]), package)]
    places = [package.joinpath(*name[:depth]) for depth in range(len(name) + 1)]
    candidates = [place / "__init__.py" for place in places]
    candidates += [place.with_suffix(".py") for place in places[1:]]
    return [path for path in candidates if path.is_file()]


def _handed_on(door: Path) -> dict[str, str]:
    """Name -> the module of the room it comes from, as the door tells `lazy_loader.attach`."""
    return _attached(door, door.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _attached(door: Path, modified: int) -> dict[str, str]:
    return {
        name: module
        for node in ast.walk(ast.parse(door.read_text(encoding="utf-8")))
        if isinstance(node, ast.keyword) and node.arg == "submod_attrs"
        for module, names in ast.literal_eval(node.value).items()
        for name in names
    }


def canonical_file(path: Path) -> str:
    """`canonical` of a file."""
    return canonical(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=1024)
def canonical(source: str) -> str:
    """Write a program as its syntax tree, the same under every Python version."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a notebook cell with magics counts as its text
        return source.strip() + "\n"
    return "".join(_tree(statement) + "\n" for statement in tree.body if not _is_text(statement))


def _tree(node: object) -> str:
    # ast.dump and ast.unparse differ between Python versions, in empty fields and in quotes.
    if isinstance(node, list):
        return f"[{','.join(_tree(item) for item in node if not _is_text(item))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    if isinstance(node, ast.JoinedStr):  # Python 3.12 may split constant parts
        node = ast.JoinedStr(_merged(node.values))
    parts = [
        f"{name}={_tree(value)}"
        for name, value in ast.iter_fields(node)
        if value is not None and value != []
    ]
    return f"{type(node).__name__}({','.join(parts)})"


def _merged(values: list[ast.expr]) -> list[ast.expr]:
    merged: list[ast.expr] = []
    for value in values:
        if not isinstance(value, ast.Constant):
            merged.append(value)
        elif merged and isinstance(merged[-1], ast.Constant):
            merged[-1] = ast.Constant(merged[-1].value + value.value)
        elif value.value:
            merged.append(ast.Constant(value.value))
    return merged


def _is_text(node: object) -> bool:
    """A docstring, or another string that stands alone and does nothing."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
