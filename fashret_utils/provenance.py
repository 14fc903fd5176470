"""Which code made a number: one hash over all that can change it."""

from __future__ import annotations

import ast
import hashlib
import platform
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from fashret_utils import chapters

# Modules that draw, describe, store or execute, but cannot change a number. All others count, so
# that a new module is covered until somebody says that it need not be.
NOT_COVERED = (
    "__init__",
    "__main__",
    "atomic",
    "chapters",
    "checkpoints",
    "claims",
    "explorer",
    "history",
    "jobs",
    "plots",
    "progress",
    "provenance",
    "records",
    "scale",
    "site",
    "tables",
)
LIBRARIES = ("accelerate", "faiss-cpu", "numpy", "pytorch-metric-learning", "torch", "torchvision")
COVERED_TAGS = {"definition", "experiment"}


def code_hash(chapter: str, data: str | None = None, root: str | Path | None = None) -> str:
    """Hash the code that can change a number of a chapter.

    It covers the chapter's cells tagged `definition` or `experiment`, and the package's modules for
    data, backbones, training, losses and search. Comments, docstrings, formatting, and how the
    statements are spread over cells do not change it.

    **Arguments**: `data` - name of the data set; given that, other data sets' modules do not count.
    `root` - the folder that holds `notebooks/` and `fashret_utils/`; by default the book this
    package belongs to.

    **Returns** 16 hexadecimal digits. A chapter without a notebook has the hash of the package.
    """
    package = Path(__file__).parent
    if root is None:
        try:
            root = chapters.book_root()
        except FileNotFoundError:  # the package alone, without the book
            root = package.parent
    else:
        root = Path(root)
        package = root / "fashret_utils"
    digest = hashlib.sha256()
    modules = {path.relative_to(package): path for path in package.rglob("*.py")}
    for name in sorted(modules, key=Path.as_posix):
        if _counts(name, package, data):
            path = modules[name]
            digest.update(f"\n{name.as_posix()}\n".encode())
            digest.update(_canonical_file(path, path.stat().st_mtime_ns).encode())
    notebook = root / "notebooks" / f"{chapter}.ipynb"
    if notebook.is_file():
        for cell in chapters.code_cells(notebook):
            if cell.tags & COVERED_TAGS:
                digest.update(_canonical(cell.source).encode())
    return digest.hexdigest()[:16]


def source_hash(paths: Iterable[Path]) -> str:
    """Hash Python files as `code_hash` does: part of the identity of pictures that they draw."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(_canonical_file(path, path.stat().st_mtime_ns).encode())
    return digest.hexdigest()[:16]


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that can change a number."""
    found = {"python": platform.python_version()}
    for library in LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            found[library] = metadata.version(library)
    return found


def _counts(module: Path, package: Path, data: str | None) -> bool:
    """Whether a module, by its path in the package, can change a number on a data set."""
    owner = module.parts[0].removesuffix(".py")
    if owner in NOT_COVERED:
        return False
    if data is None or owner not in ("wardrobe", "datasets"):
        return True
    drawn = data.startswith("wardrobe")
    if owner == "wardrobe":
        return drawn
    from fashret_utils.datasets import DOWNLOADS

    # "grocery-store-packages" is a part of "grocery-store"
    known = max((name for name in DOWNLOADS if data.startswith(name)), key=len, default=None)
    if known is None:  # a reader's own pictures: any loader may have read them
        return not drawn
    return module.stem in _needed(package / "datasets", DOWNLOADS[known].__name__.split(".")[-1])


def _needed(folder: Path, module: str) -> set[str]:
    """The modules of a folder that one of them imports, itself included."""
    found, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        path = folder / f"{name}.py"
        if name in found or not path.is_file():
            continue
        found.add(name)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module.split(".")[-1], *(alias.name for alias in node.names)]
    return found


@lru_cache(maxsize=1024)
def _canonical_file(path: Path, modified: int) -> str:
    """`modified` is there to renew the cache."""
    return _canonical(path.read_text(encoding="utf-8"))


def _canonical(source: str) -> str:
    """Write a program as its syntax tree, the same under every Python version."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a notebook cell with magics counts as its text
        return source.strip() + "\n"
    return "".join(_tree(statement) + "\n" for statement in statements if not _is_text(statement))


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
