"""Stage the book's source: prose, executed chapters, and the pages' tables made from records."""

import shutil
from pathlib import Path

import nbformat
import pandas as pd
import yaml

from fashret_utils import chapters, datasets, explorer, own_photo
from fashret_utils.evidence import records, tables
from fashret_utils.scale import machine
from fashret_utils.site import (
    citation,
    downloads,
    emblem,
    faults,
    galleries,
    landing,
    practice,
    repeatability,
    rooms,
    speed,
)
from fashret_utils.site.claims import add_labels, prose, write_pages

TABLE_METRIC = "hit@1"
SERVICES = {
    "notebook_interface": "jupyterlab",
    "binderhub_url": "https://mybinder.org",
    "colab_url": "https://colab.research.google.com",
}


def stage(
    executed: Path, out: Path, root: Path | None = None, data_root: str | Path | None = None
) -> Path:
    """Lay out what Jupyter Book builds from: `out/` is made anew on every call.

    **Arguments**
    - `executed`: folder of executed notebooks, of their records in `executed/results`, and beside
      it `models`, what they kept for own photos.
    - `out`: folder to write.
    - `data_root`: folder of the real data sets, the one the chapters were executed with.

    **Returns** `out`.

    **Raises** FileNotFoundError naming the chapters that were not executed, `ClaimsError` where
    prose is not what the records say.
    """
    root = root or chapters.book_root()
    notebooks = {name: executed / f"{name}.ipynb" for name in chapters.names(root)}
    if missing := [name for name, path in notebooks.items() if not path.is_file()]:
        raise FileNotFoundError(
            f"not executed: {', '.join(missing)} (looked in {executed}). "
            "Run `make book`, or `python -m fashret_utils run`."
        )
    known = prose.evidence(root)
    prose.check(root, known)
    judged, committed = known.judged, known.found
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(root / "book", out / "book")
    shutil.copy(root / "_toc.yml", out)
    (out / "_config.yml").write_text(settings(root))
    emblem.write(out / "book/_static")
    (out / "notebooks").mkdir()
    generated = out / "book/_generated"
    generated.mkdir()
    for name, path in notebooks.items():
        notebook = _published(nbformat.read(path, as_version=4))
        folders = {"committed": root / "results", "this-page": executed / "results"}
        downloads.add(notebook, name, root / f"notebooks/{name}.ipynb", folders, out)
        cited = [verdict.claim for ledger, verdict in judged if ledger.chapter == name]
        add_labels(notebook, cited, name)
        nbformat.write(notebook, out / f"notebooks/{name}.ipynb")
    live = records.load(executed / "results")
    write_pages(judged, committed, root, generated)
    (generated / "results.md").write_text(results_table(committed or live))
    (generated / "cite.md").write_text(citation.bibtex(root))
    (generated / "status.md").write_text(status_table(notebooks))
    found = datasets.available(data_root)
    found = found[["name", "present", "licence"]]  # folders belong to this machine
    found["present"] = found["present"].map({True: "yes", False: "no"})
    (generated / "datasets.md").write_text(_markdown(found))
    (generated / "faults.md").write_text(faults.markdown(root / "results"))
    (generated / "repeatability.md").write_text(repeatability.markdown(root / "results"))
    rooms.write(root, generated)
    galleries.write(root, generated)
    practice.write(judged, committed, root, generated)
    speed.page(root, generated, notebooks)
    place = "" if data_root is None else str(data_root)
    explorer.write(executed / "results", out / "book/_static", generated, place)
    own_photo.write(out / "book/_static", generated, executed.parent / "models")
    landing.write(notebooks, generated)
    return out


def settings(root: Path) -> str:
    """The book's `_config.yml`; where it names a repository, chapters get buttons that run them.

    Without an address there is nothing that a notebook service could fetch.
    """
    text = (root / "_config.yml").read_text(encoding="utf-8")
    if not yaml.safe_load(text)["repository"]["url"]:
        return text
    return f"{text}\n{yaml.safe_dump({'launch_buttons': SERVICES})}"


def results_table(found: list[records.Record]) -> str:
    """MyST: for every chapter its arms against data sets, folded, at the largest scale there is.

    Runs of a sweep, named like `sweep,m=0.1` or on data such as `wardrobe-garments-gap0.5`, stay on
    their chapter's own page.
    """
    found = [record for record in found if "," not in record.arm and "-gap" not in record.data]
    if not found:
        return "No run has left a record yet.\n"
    parts = []
    for chapter in sorted({record.chapter for record in found}):
        best = tables.best_scale([record for record in found if record.chapter == chapter])
        wide = tables.matrix(tables.table(best, [TABLE_METRIC]), TABLE_METRIC)
        shown = wide.reset_index(names=f"{TABLE_METRIC}, %")
        parts.append(
            f":::{{dropdown}} {chapters.title(chapter)}\n"
            f"{{doc}}`/notebooks/{chapter}` ({tables.origin(best)})\n\n{_markdown(shown)}:::\n"
        )
    return "\n".join(parts)


def status_table(notebooks: dict[str, Path]) -> str:
    """Markdown: when, where and at which scale each chapter was executed, and how long it took."""
    here = machine()
    where = f"{here['device']}, {here['cores']} cores"
    rows = []
    for name, path in notebooks.items():
        run = nbformat.read(path, as_version=4).metadata.get("papermill", {})
        parameters = run.get("parameters", {})
        rows.append(
            {
                "chapter": f"{{doc}}`/notebooks/{name}`",
                "executed (UTC)": str(run.get("start_time", ""))[:16].replace("T", " "),
                "scale": parameters.get("scale", ""),
                "seed": parameters.get("seed", ""),
                "seconds": f"{run.get('duration') or float('nan'):.0f}",
                "machine": where,
                "result": "failed" if run.get("exception") else "ran to the end",
            }
        )
    return _markdown(pd.DataFrame(rows))


def _published(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Drop what names the machine it ran on: papermill's paths and timings of every cell.

    A figure that brings its own words keeps them as the alternative text of its picture.
    """
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        for output in cell.get("outputs", ()):
            if words := output.get("metadata", {}).get("image/png", {}).get("alt"):
                cell.metadata.setdefault("mystnb", {}).setdefault("image", {})["alt"] = words
    return notebook


def _markdown(table: pd.DataFrame) -> str:
    """A pipe table; columns of numbers, with or without an interval, are aligned to the right."""
    rows = [
        [str(cell).replace("|", "\\|") for cell in row] for row in table.itertuples(index=False)
    ]
    numeric = [
        all(cell[:1].isdigit() for cell in column if cell) for column in zip(*rows, strict=True)
    ]
    lines = [table.columns, ["--:" if number else ":--" for number in numeric], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
