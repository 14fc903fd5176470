"""The page on large galleries: its tables and figure, made from what the benchmarks measured."""

import json
import shutil
from math import ceil, log
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from fashret_utils.plots.style import SERIES, canvas, styled
from fashret_utils.retrieval import indexes

ON_PAPER = 100_000_000
MACHINE_GIB = 64
_MARKS = dict(zip(indexes.KINDS, "sovD^", strict=True))


def write(root: Path, generated: Path) -> None:
    """Write the page's fragments, `galleries-*`, to the folder `generated`.

    **Arguments**: `root` - the folder that holds `results/benchmarks` and `benchmarks`.

    **Raises** `FileNotFoundError` when a benchmark has left no file under `results/benchmarks`.
    """
    measured, engine = (
        json.loads((root / f"results/benchmarks/{name}.json").read_text(encoding="utf-8"))
        for name in ("galleries", "engine")
    )
    fragments = {
        "measured": table(measured),
        "memory": memory(measured),
        "paper": on_paper(measured),
        "engine": engine_table(engine),
        "origin": origin(measured),
        "engine-origin": origin(engine),
    }
    for name, text in fragments.items():
        (generated / f"galleries-{name}.md").write_text(text, encoding="utf-8")
    recall_and_time(measured).savefig(generated / "galleries-recall.png")
    shutil.copy(root / "benchmarks/engine.py", generated / "galleries-engine.py")


def table(measured: dict) -> str:
    """Markdown: every kind at every size, at its default effort."""
    rows = pd.DataFrame(measured["rows"])
    rows = rows[rows["effort"].fillna(0) == rows["kind"].map(indexes.EFFORT).fillna(0)]
    lines = [
        f"| {row.rows:,} | {row.kind} | {row.recall:.3f} | {_percent(row['hit@1'])} | "
        f"{_percent(row['hit@10'])} | {row.ms:.2f} | {row.ms_95:.2f} | "
        f"{row.bytes / 2**20:,.1f} | {row.bytes / row.rows:,.0f} | {row.build_s:,.1f} |"
        for _, row in rows.iterrows()
    ]
    head = (
        "rows",
        "kind",
        f"recall@{measured['k']}",
        "hit@1, %",
        "hit@10, %",
        "ms a query",
        "95 % below, ms",
        "MiB",
        "bytes a row",
        "build, s",
    )
    return _pipe(head, "r:l" + ":r" * 8, lines)


def memory(measured: dict) -> str:
    """A sentence on the memory that an index takes when it is read, and when it is mapped."""
    found = measured["own_memory"]
    size, whole, mapped = (
        f"{found[key] / 2**20:,.0f} MiB" for key in ("bytes", "memory", "mapped")
    )
    same = "the same" if found["same"] else "other"
    return (
        f"The largest `ivf` index above takes {size} on disk. Reading it and answering "
        f"{measured['queries']} queries took {whole} of a process's own memory; mapped, {mapped}, "
        f"with {same} answers.\n"
    )


def on_paper(measured: dict, rows: int = ON_PAPER) -> str:
    """Markdown: the two largest measurements of each kind, carried over to `rows` rows."""
    measurements = pd.DataFrame(measured["rows"])
    lines = []
    for kind in indexes.KINDS:
        of_kind = measurements[measurements["kind"] == kind]
        of_kind = of_kind[of_kind["effort"].fillna(0) == indexes.EFFORT.get(kind, 0)]
        before, last = (row for _, row in of_kind.sort_values("rows").tail(2).iterrows())
        a_row = (last.build_s - before.build_s) / (last.rows - before.rows)  # less what is fixed
        slower, longer = growth(kind, int(last.rows), rows)
        gib = last.bytes / last.rows * rows / 2**30
        hours = a_row * rows * longer / 3600
        lines.append(
            f"| {kind} | {last.rows:,} | {last.bytes / last.rows:,.0f} B × {rows:,} = "
            f"**{gib:,.1f} GiB** | {ceil(gib / (0.75 * MACHINE_GIB))} | {last.ms:.2f} ms × "
            f"{slower:,.1f} = **{last.ms * slower:,.1f} ms** | {1e6 * a_row:,.1f} µs × "
            f"{rows:,} × {longer:,.2f} = **{hours:,.1f} h** |"
        )
    head = (
        "kind",
        "from rows",
        "memory",
        f"machines of {MACHINE_GIB} GiB",
        "a query, one core",
        "build, one core",
    )
    return _pipe(head, "l:r:r:r:r:r", lines)


def growth(kind: str, before: int, after: int) -> tuple[float, float]:
    """How many times longer a query takes, and the building of one row, with more rows.

    exact and pq compare a query with every row. ivf and ivf-pq compare it with every centre and
    with the rows of the visited cells; building compares every row with every centre. hnsw walks
    a graph whose paths grow with the logarithm of the rows, in both (Malkov and Yashunin, 2018,
    section 4.2).
    """
    if kind in ("exact", "pq"):
        return after / before, 1.0
    if kind == "hnsw":
        return (log(after) / log(before),) * 2
    old, new = indexes.cells(before), indexes.cells(after)
    looked_at = [
        cells + indexes.EFFORT[kind] * n / cells for cells, n in ((old, before), (new, after))
    ]
    return looked_at[1] / looked_at[0], new / old


def engine_table(engine: dict) -> str:
    """Markdown: faiss and the engine on one gallery."""
    lines = [
        f"| {row['system']} | {row['index']} | {row['effort'] or ''} | {row['recall']:.3f} | "
        f"{_percent(row['hit@1'])} | {_percent(row['hit@10'])} | {row['processor_ms']:.2f} | "
        f"{row['bytes'] / engine['rows_indexed']:,.0f} | "
        f"{row['build_s']:,.1f} |"
        for row in engine["rows"]
    ]
    head = (
        "system",
        "index",
        "effort",
        f"recall@{engine['k']}",
        "hit@1, %",
        "hit@10, %",
        "ms a query",
        "bytes a row",
        "build, s",
    )
    return _pipe(head, "l:l:r" + ":r" * 6, lines)


def origin(measured: dict) -> str:
    """A line on where and when the numbers were measured, and on what."""
    machine, versions = measured["machine"], measured["versions"]
    return (
        f"Measured on {measured['time'][:10]}: {machine['processor']}, one core; "
        f"faiss {versions['faiss-cpu']}, {measured['queries']} queries"
        + "".join(f", {name} {version}" for name, version in measured.get("engine", {}).items())
        + (f"; {measured['participation']:.0f} directions" if "participation" in measured else "")
        + ".\n"
    )


@styled
def recall_and_time(measured: dict) -> Figure:
    """Recall against the time of a query, a panel for each size, a line for each kind of index."""
    rows = pd.DataFrame(measured["rows"])
    sizes = sorted(rows["rows"].unique())
    figure = canvas(3.6)
    panels = figure.subplots(1, len(sizes), sharex=True, sharey=True, squeeze=False)[0]
    for axes, size in zip(panels, sizes, strict=True):
        for (kind, mark), colour in zip(_MARKS.items(), SERIES, strict=False):
            drawn = rows[(rows["rows"] == size) & (rows["kind"] == kind)].sort_values("ms")
            axes.plot(drawn["ms"], drawn["recall"], marker=mark, color=colour, label=kind)
        axes.set(title=f"{size:,} rows", xlabel="time of a query (ms)", xscale="log")
    panels[0].set(ylabel=f"recall@{measured['k']} (fraction)", ylim=(0, 1.05))
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f}"


def _pipe(head: tuple[str, ...], sides: str, lines: list[str]) -> str:
    marks = {"l": ":--", "r": "--:"}
    rule = " | ".join(marks[side] for side in sides.split(":"))
    return "\n".join([f"| {' | '.join(head)} |", f"| {rule} |", *lines]) + "\n"
