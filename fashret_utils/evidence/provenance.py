"""Which code made a number: one hash over all that can change it."""

from __future__ import annotations

import hashlib
import platform
import re
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from fashret_utils import chapters
from fashret_utils.source_code import canonical, canonical_file, imported, reached

# Modules that draw, describe, store or execute, but cannot change a number. All others count, so
# that a new module is covered until somebody says that it need not be.
NOT_COVERED = (
    "__main__.py",
    "atomic.py",
    "chapters",
    "evidence",
    "explorer",
    "own_photo",
    "plots",
    "scale.py",
    "site",
    "source_code.py",
    "training/checkpoints.py",
    "training/history.py",
    "training/plan/campaign.py",
    "training/plan/dry_run",
    "training/plan/forecast.py",
    "training/plan/jobs.py",
    "training/plan/processes.py",
    "training/progress.py",
)
LIBRARIES = ("accelerate", "faiss-cpu", "numpy", "pytorch-metric-learning", "torch", "torchvision")
COVERED_TAGS = {"definition", "experiment"}


def code_hash(
    chapter: str,
    data: str | None = None,
    root: str | Path | None = None,
) -> str:
    """Hash the code that can change a number of a chapter.

    It covers the chapter's cells tagged `definition` or `experiment`, those of chapters whose
    definitions it takes, and the package's modules that their imports reach. Comments, docstrings,
    formatting, and how the statements are spread over cells do not change it.

    **Arguments**: `data` - name of the data set; given that, other data sets' modules do not count.
    `root` - the folder that holds `notebooks/` and `fashret_utils/`; by default the book this
    package belongs to.

    **Returns** 16 hexadecimal digits. A chapter without a notebook has the hash of the package.
    """
    package = Path(__file__).parents[1]
    if root is None:
        try:
            root = chapters.book_root()
        except FileNotFoundError:  # the package alone, without the book
            root = package.parent
    else:
        root = Path(root)
        package = root / "fashret_utils"
    cells = _cells(root / "notebooks", chapter)
    starts = {path for cell in cells for path in imported(cell, package)}
    if not cells:
        starts = set(package.rglob("*.py"))
    loaders = _loaders(data, package)
    if loaders is None:
        modules = reached(starts, package)
    else:
        door = package / "datasets" / "__init__.py"  # it imports the loaders of all data sets
        others = {*package.glob("datasets/**/*.py"), *package.glob("wardrobe/**/*.py")}
        others.discard(package / "datasets" / "bench.py")  # of all data sets
        modules = reached(starts - others, package, closed={door}) - others
        modules |= reached(loaders, package, closed={door}) - {door}
    digest = hashlib.sha256()
    for path in sorted(modules):
        name = path.relative_to(package).as_posix()
        if path.name != "__init__.py" and not name.startswith(NOT_COVERED):
            digest.update(f"\n{name}\n".encode())
            digest.update(canonical_file(path).encode())
    for cell in cells:
        digest.update(canonical(cell).encode())
    return digest.hexdigest()[:16]


def of_transfer(trained: str, tested: str) -> str:
    """Hash the code behind a test on other data than those of the training.

    **Arguments**: `trained`, `tested` - `code_hash` of the chapter with either data set.
    """
    return hashlib.sha256(f"{trained} {tested}".encode()).hexdigest()[:16]


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that can change a number."""
    found = {"python": platform.python_version()}
    for library in LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            found[library] = metadata.version(library)
    return found


def _cells(notebooks: Path, chapter: str) -> list[str]:
    """The covered cells of a chapter, and before them those of the chapters it takes from."""
    path = notebooks / f"{chapter}.ipynb"
    if not path.is_file():
        return []
    cells = [cell for cell in chapters.code_cells(path) if cell.tags & COVERED_TAGS]
    own = [cell.source for cell in cells]
    taken = re.findall(r"\bdefinitions\(\s*[\"'](\w+)[\"']", "\n".join(own))
    return [cell for other in dict.fromkeys(taken) for cell in _cells(notebooks, other)] + own


def _loaders(data: str | None, package: Path) -> set[Path] | None:
    """The modules that make the pictures of a data set; None where it is not one of ours."""
    from fashret_utils.datasets import DOWNLOADS, WARDROBES

    if data is None:
        return None
    # "grocery-store-packages" is a part of "grocery-store"
    known = [name for name in (*WARDROBES, *DOWNLOADS) if data.startswith(name)]
    if not known:  # a reader's own pictures: any loader may have read them
        return set(package.glob("datasets/**/*.py"))
    name = max(known, key=len)
    if name in WARDROBES:
        names = ("generator", f"{WARDROBES[name]}/kind")
        paths = {package / "wardrobe" / f"{stem}.py" for stem in names}
    else:
        paths = {package.parent.joinpath(*DOWNLOADS[name].__name__.split(".")).with_suffix(".py")}
    return {path for path in paths if path.is_file()}
