"""Chapters as programs: import a notebook's definitions, execute it with papermill."""

import ast
import json
import linecache
import re
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import cloudpickle

from fashret_utils.chapters import parameters


class ChapterError(RuntimeError):
    """A chapter's cell failed or its kernel died; the notebook as far as it came is on disk."""


def book_root() -> Path:
    """The folder that holds `notebooks/`: this checkout, or the nearest above the working folder.

    **Raises** FileNotFoundError when there is no such folder.
    """
    checkout = Path(__file__).resolve().parents[2]
    for folder in (checkout, Path.cwd(), *Path.cwd().parents):
        if (folder / "notebooks").is_dir() and (folder / "_toc.yml").is_file():
            return folder
    raise FileNotFoundError(
        f"no book found: looked for notebooks/ and _toc.yml in {checkout} and from {Path.cwd()} "
        "upwards. Run from a clone of the book."
    )


def names(root: Path | None = None) -> list[str]:
    """Names of all chapters, in reading order: `["00_street_to_shop", ...]`."""
    folder = (root or book_root()) / "notebooks"
    return sorted(path.stem for path in folder.glob("[0-9][0-9]_*.ipynb"))


def path_of(name: str, root: Path | None = None) -> Path:
    """The notebook file of a chapter.

    **Raises** ValueError that lists the chapters when there is none of that name.
    """
    root = root or book_root()
    if name not in names(root):
        raise ValueError(
            f"unknown chapter {name!r}: expected one of {', '.join(names(root)) or '(none)'}"
        )
    return root / "notebooks" / f"{name}.ipynb"


def title(name: str, root: Path | None = None) -> str:
    """The first heading of a chapter, such as `"DML: what two margins buy"`.

    **Raises** ValueError for an unknown chapter or one without a heading.
    """
    path = path_of(name, root)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    prose = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    if found := re.search(r"^# (.+?) *$", prose, re.M):
        return found[1]
    raise ValueError(f"{path} has no heading: its first cell must have a line `# Title`")


@dataclass(frozen=True)
class Cell:
    """A code cell: its position in the notebook (from 0), source and tags."""

    position: int
    source: str
    tags: frozenset[str]


def code_cells(path: Path) -> list[Cell]:
    """The code cells of a notebook file, in order."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [
        Cell(i, "".join(cell["source"]), frozenset(cell["metadata"].get("tags", ())))
        for i, cell in enumerate(notebook["cells"])
        if cell["cell_type"] == "code"
    ]


def definitions(name: str, root: Path | None = None) -> ModuleType:
    """Import what a chapter's cells tagged `definition` define, and nothing else.

    Tracebacks name the notebook and the cell and show its source lines.

    **Arguments**
    - `name`: chapter name, e.g. `"00_street_to_shop"`.

    **Returns** a module; the same object on later calls while the notebook file is unchanged.

    **Raises** ValueError for an unknown chapter or one without definition cells.
    """
    path = path_of(name, root)
    module_name = f"fashret_utils.chapters.{re.sub(r'[^0-9a-zA-Z_]', '_', path.stem)}"
    stamp = (str(path), path.stat().st_mtime_ns)
    loaded = sys.modules.get(module_name)
    if loaded is not None and loaded.__stamp__ == stamp:
        return loaded
    cells = [cell for cell in code_cells(path) if "definition" in cell.tags]
    if not cells:
        raise ValueError(f"{path} has no cell tagged 'definition': nothing to import")
    module = ModuleType(module_name, f"Definition cells of {path.name}.")
    module.__file__, module.__stamp__ = str(path), stamp
    # dataclasses and pickle look their module up by name while the cells run
    sys.modules[module_name] = module
    try:
        for cell in cells:
            file = f"{path}, cell {cell.position}"
            lines = cell.source.splitlines(keepends=True)
            # no modification time: linecache must keep what has no file of its own
            linecache.cache[file] = (len(cell.source), None, lines, file)
            exec(compile(ast.parse(cell.source, file), file, "exec"), module.__dict__)
    except BaseException:
        del sys.modules[module_name]
        raise
    # Worker processes cannot import the module by its name, so they are sent what is in it.
    cloudpickle.register_pickle_by_value(module)
    return module


def defaults(name: str, root: Path | None = None) -> dict[str, object]:
    """Name -> default of each parameter of a chapter.

    **Raises** ValueError for an unknown chapter, or a cell of parameters that does more than name
    values.
    """
    path = path_of(name, root)
    cells = [cell for cell in code_cells(path) if "parameters" in cell.tags]
    try:
        return parameters.defaults("\n".join(cell.source for cell in cells))
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{path}, its cell of parameters: {error}") from error


@dataclass(frozen=True)
class Execution:
    """What came of executing a chapter: the notebook written and the seconds it took."""

    notebook: Path
    seconds: float


def execute(name: str, out: Path, values: dict, root: Path | None = None) -> Execution:
    """Execute a chapter with papermill and write the executed notebook to `out/<name>.ipynb`.

    **Arguments**
    - `out`: folder, made if missing.
    - `values`: for the chapter's `parameters` cell; names it lacks are refused.

    **Returns** an `Execution`.

    **Raises** ChapterError when a cell fails or its kernel dies: the notebook, with the error in
    it, is on disk; or when there is no kernel.
    """
    import papermill
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    path = path_of(name, root)
    _check_parameters(name, values, root)
    out.mkdir(parents=True, exist_ok=True)
    target = out / path.name
    start = time.perf_counter()
    try:
        papermill.execute_notebook(
            str(path), str(target), values, kernel_name="python3", cwd=str(path.parent)
        )
    except PapermillExecutionError as error:
        raise ChapterError(
            f"{name} failed in cell {error.cell_index}: {error.ename}: {error.evalue}\n"
            f"The executed notebook with the whole traceback is {target}"
        ) from None
    except (DeadKernelError, CellTimeoutError) as error:
        raise ChapterError(
            f"{name} was stopped in {_running(target)}: {error}. Was there enough memory? A "
            f"smaller --scale needs less\nThe notebook as far as it came is {target}"
        ) from None
    except NoSuchKernel as error:
        raise ChapterError(
            f"{name} cannot be executed: there is no Jupyter kernel {error.name!r}; "
            "`python -m ipykernel install --sys-prefix` makes it"
        ) from None
    return Execution(target, time.perf_counter() - start)


def _check_parameters(name: str, given: Collection[str], root: Path | None) -> None:
    known = defaults(name, root)
    if unknown := sorted(set(given) - set(known)):
        raise ValueError(
            f"{name} has no parameter {', '.join(unknown)}: it takes {', '.join(sorted(known))}"
        )


def _running(target: Path) -> str:
    """The last cell of an executed notebook that was begun."""
    cells = json.loads(target.read_text(encoding="utf-8"))["cells"]
    about = [cell["metadata"].get("papermill", {}) for cell in cells]
    begun = [
        place
        for place, (cell, each) in enumerate(zip(cells, about, strict=True))
        if cell["cell_type"] == "code" and each.get("start_time")
    ]
    return f"cell {begun[-1]}" if begun else "its start"


def prepare(name: str, out: Path, values: dict, root: Path | None = None) -> Path:
    """Write a copy of a chapter for nbval: parameters injected, nothing executed.

    Outputs that the notebook keeps are marked for comparison; nbval wants them numbered.

    **Returns** the path of the copy, `out/<name>.ipynb`.

    **Raises** ValueError for parameters that the chapter lacks.
    """
    import nbformat
    import papermill

    path = path_of(name, root)
    _check_parameters(name, values, root)
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{name}.ipynb"
    papermill.execute_notebook(
        str(path), str(target), values, prepare_only=True, progress_bar=False
    )
    notebook = nbformat.read(target, as_version=4)
    for number, cell in enumerate(notebook.cells, start=1):
        if "keep_output" in cell.metadata.get("tags", ()):
            cell.metadata.tags.append("nbval-check-output")
            cell.execution_count = number
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = number
    nbformat.write(notebook, target)
    return target
