"""Chapters as scripts: for `torchrun` and `accelerate launch`, which start programs, not notebooks.

What a script shows goes to the main process alone: tables to the terminal, figures to files.
"""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
from nbconvert import PythonExporter

from fashret_utils import chapters

FIRST = "from fashret_utils.chapters import script\n\nscript.begin()"


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
                cell.source += f"\nglobals().update(script.arguments({call}))"
            else:
                cell.source = _shown(cell.source)
        cells.append(cell)
    if parameters is None:
        raise ValueError(f"{name} has no cell tagged 'parameters': a script needs them")
    notebook.cells = cells
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(PythonExporter().from_notebook_node(notebook)[0], encoding="utf-8")
    return out


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
            lines[node.lineno - 1 : node.end_lineno] = [f"script.show({text}\n)"]
        elif imported and any(alias.name == "display" for alias in node.names):
            lines.insert(node.end_lineno, "display = script.show")
    return "\n".join(lines)
