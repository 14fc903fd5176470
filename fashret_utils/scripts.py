"""Chapters as scripts: for `torchrun` and `accelerate launch`, which start programs, not notebooks.

What a script shows goes to the main process alone: tables to the terminal, figures to files.
"""

from __future__ import annotations

import argparse
import ast
import os
import sys
from pathlib import Path

import matplotlib as mpl
import nbformat
from matplotlib.figure import Figure
from nbconvert import PythonExporter

from fashret_utils import chapters
from fashret_utils.scale import is_main_process

FIRST = "from fashret_utils import scripts\n\nscripts.begin()"
_figures: list[Path] = []  # the folder of figures, once the command line is read, and those written


def export(name: str, out: Path, root: Path | None = None) -> Path:
    """Write a chapter as a Python script, with its parameters on the command line.

    Prose becomes comments. A cell's last value, and what it gives to IPython's `display`, goes
    through `show`.

    **Arguments**: `out` - the script's path; its folder is made if missing.

    **Returns** the path.

    **Raises** `ValueError` for an unknown chapter, or one without a cell tagged `parameters`.
    """
    notebook = nbformat.read(chapters.path_of(name, root), as_version=4)
    cells, parameters = [nbformat.v4.new_code_cell(FIRST)], None
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if "parameters" in cell.metadata.get("tags", ()):
                parameters = _assigned(cell.source)
                call = ", ".join(f"{key}={key}" for key in parameters)
                cell.source += f"\nglobals().update(scripts.arguments({call}))"
            else:
                cell.source = _shown(cell.source)
        cells.append(cell)
    if parameters is None:
        raise ValueError(f"{name} has no cell tagged 'parameters': a script needs them")
    notebook.cells = cells
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(PythonExporter().from_notebook_node(notebook)[0], encoding="utf-8")
    return out


def begin() -> None:
    """Draw without a screen, and print from the main process only."""
    mpl.use("agg")
    if not is_main_process():
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, open until the process ends


def arguments(**defaults: str | int | float) -> dict[str, str | int | float]:
    """Read a script's parameters from its command line: `--scale gpu --seed 1`.

    **Arguments**: `defaults` - as the chapter's parameters cell has them; their types count.

    **Returns** a value for each. The folder of `--figures` is kept for `show`.
    """
    script = Path(sys.argv[0])
    parser = argparse.ArgumentParser(prog=script.name)
    for name, value in defaults.items():
        if name == "results":  # in a notebook relative to the notebooks
            value = str(Path("results").absolute())
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=type(value), default=value, help=f"default: {value!r}")
    place = script.with_suffix("").with_name(f"{script.stem}_figures")
    parser.add_argument("--figures", type=Path, default=place, help="folder for the figures")
    chosen = vars(parser.parse_args())
    _figures[:] = [chosen.pop("figures")]
    return chosen


def show(*values: object) -> None:
    """Show values as a notebook would: print them; write figures to files. Main process only."""
    for value in values:
        if value is None or not is_main_process():
            continue
        if isinstance(value, Figure):
            folder = _figures[0]
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{len(_figures):02}.png"
            _figures.append(path)
            value.savefig(path, bbox_inches="tight")
            print(f"figure: {path}")
        elif hasattr(value, "to_string"):  # pandas
            print(value.to_string())
        else:
            print(value)


def _assigned(source: str) -> list[str]:
    statements = [node for node in ast.parse(source).body if isinstance(node, ast.Assign)]
    return [target.id for node in statements for target in node.targets]


def _shown(source: str) -> str:
    """The cell with `show` in place of the notebook's display."""
    try:
        body = ast.parse(source).body
    except SyntaxError:  # magics: nbconvert writes them for IPython
        return source
    lines = source.splitlines()
    for node in reversed(body):
        last = node is body[-1] and isinstance(node, ast.Expr) and node.col_offset == 0
        imported = isinstance(node, ast.ImportFrom) and node.module == "IPython.display"
        if last and not isinstance(node.value, ast.Constant) and not source.rstrip().endswith(";"):
            text = ast.get_source_segment(source, node.value)
            lines[node.lineno - 1 : node.end_lineno] = [f"scripts.show({text}\n)"]
        elif imported and any(alias.name == "display" for alias in node.names):
            lines.insert(node.end_lineno, "display = scripts.show")
    return "\n".join(lines)
