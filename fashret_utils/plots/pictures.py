"""Figures made of pictures: sheets, street-shop pairs, retrieval grids."""

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Rectangle

from fashret_utils.plots.style import COLOURS, WIDTH, canvas, styled

_GAP = 0.06  # between pictures; all lengths on a board are in widths of a picture
_CAPTION, _LINE = 9.5, 0.155  # size in points, height of a line in inches
_TITLE = 13.5
_FRAME = {"hit": 3.2, "miss": 1.6}  # points; others 2.6: hits should catch the eye


@styled
def sheet(
    pixels: np.ndarray,
    columns: int = 8,
    title: str = "",
    captions: Sequence[str] | None = None,
) -> Figure:
    """Pictures in rows.

    **Arguments**

    - `pixels`: uint8 `(n, 3, S, S)`.
    - `columns`: pictures a row.
    - `captions`: n short texts, each below its picture.
    """
    _check(pixels, "pixels")
    columns = min(columns, len(pixels))
    below, lines = _captions(captions, len(pixels), columns)
    rows = -(-len(pixels) // columns)
    axes = _board(columns, rows * (1 + _GAP + lines), title)
    for i, picture in enumerate(pixels):
        row, column = divmod(i, columns)
        x, y = column, row * (1 + _GAP + lines)
        _show(axes, picture, x, y)
        _caption(axes, below[i], x, y)
    return axes.figure


@styled
def pairs(
    street: np.ndarray,
    shop: np.ndarray,
    captions: Sequence[str] | None = None,
    columns: int = 8,
    title: str = "",
) -> Figure:
    """Street pictures, each above a shop picture of the same item.

    **Arguments**

    - `street`, `shop`: uint8 `(n, 3, S, S)`, row i of both shows the same item.
    - `captions`: n short texts, each below its pair.
    - `columns`: pairs a row.
    """
    _check(street, "street")
    _check(shop, "shop")
    if len(street) != len(shop):
        raise ValueError(f"{len(street)} street and {len(shop)} shop pictures make no pairs")
    columns = min(columns, len(street))
    below, lines = _captions(captions, len(street), columns)
    bands = -(-len(street) // columns)
    margin = 0.3 * (columns + 0.3) / WIDTH  # 0.3 inches for the names of the rows
    height = 2 + _GAP + lines + 0.15
    axes = _board(columns + margin, bands * height - 0.15, title)
    for i in range(len(street)):
        band, column = divmod(i, columns)
        x, y = column + margin, band * height
        _show(axes, street[i], x, y, frame="street")
        _show(axes, shop[i], x, y + 1 + _GAP / 2, frame="shop")
        _caption(axes, below[i], x, y + 1 + _GAP / 2)
        if column == 0:
            for name, middle in (("street", y + 0.5), ("shop", y + 1.5)):
                place = (margin / 2, middle)
                axes.text(*place, name, color=_dark(name), rotation=90, ha="center", va="center")
    return axes.figure


@styled
def retrieval_grid(
    queries: np.ndarray,
    ranked: np.ndarray,
    relevant: np.ndarray,
    similarities: np.ndarray,
    truths: Sequence[np.ndarray | None],
    query_captions: Sequence[str] | None = None,
    truth_captions: Sequence[str] | None = None,
    headings: Sequence[str] | None = None,
    title: str = "",
) -> Figure:
    """Queries, what they found, and what they should have found; one query a row.

    **Arguments**

    - `queries`: uint8 `(r, 3, S, S)`.
    - `ranked`: uint8 `(r, c, 3, S, S)`, the gallery pictures at ranks 1 to c.
    - `relevant`: bool `(r, c)`, whether they show the query's item.
    - `similarities`: `(r, c)` cosines, printed below the pictures.
    - `truths`: for each query a picture of its item, uint8 `(3, S, S)`, or None if there is none.
    - `query_captions`, `truth_captions`: texts below those pictures.
    - `headings`: texts above the columns, by default their ranks.
    """
    _check(queries, "queries")
    rows, columns = relevant.shape
    apart = 0.18  # sets query and truth off from the ranks
    width = columns + 2 + 2 * apart
    asked, lines_a = _captions(query_captions, rows, width)
    given, lines_b = _captions(truth_captions, rows, width)
    line = max(lines_a, lines_b, _inches(0.06 + _LINE, width))
    head, foot = _inches(0.28, width), _inches(0.36, width)
    axes = _board(width, head + rows * (1 + _GAP + line) + foot, title)
    first, last = 1 + apart, 1 + 2 * apart + columns
    ranks = ["rank 1", *map(str, range(2, columns + 1))]
    names = ["query", *(headings or ranks), "item"]
    for name, x in zip(names, [0, *(first + np.arange(columns)), last], strict=True):
        axes.text(x + 0.5, head * 0.75, name, ha="center", va="baseline", fontsize=10)
    for row in range(rows):
        y = head + row * (1 + _GAP + line)
        _show(axes, queries[row], 0, y, frame="query")
        _caption(axes, asked[row], 0, y)
        for rank in range(columns):
            kind = "hit" if relevant[row, rank] else "miss"
            _show(axes, ranked[row, rank], first + rank, y, frame=kind)
            _mark(axes, kind, first + rank, y)
            _caption(axes, [f"{similarities[row, rank]:.3f}"], first + rank, y)
        if truths[row] is not None:
            _show(axes, truths[row], last, y, frame="truth")
        _caption(axes, given[row], last, y)
    _legend(axes)
    return axes.figure


def _board(width: float, height: float, title: str) -> Axes:
    """Axes that fill a figure, y downwards, room for the title above 0."""
    inch = WIDTH / width  # inches a unit
    titles = textwrap.wrap(title, 72)
    top = 0.27 * len(titles) + 0.08 * bool(titles)
    figure = canvas(height * inch + top, layout="none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(height, -top / inch)
    axes.axis("off")
    heading = {"fontsize": _TITLE, "fontweight": "bold", "va": "top", "linespacing": 1.2}
    axes.text(_GAP / 2, -top / inch, "\n".join(titles), **heading)
    return axes


def _show(axes: Axes, picture: np.ndarray, x: float, y: float, frame: str | None = None) -> None:
    left, right, top, bottom = x + _GAP / 2, x + 1 - _GAP / 2, y + _GAP / 2, y + 1 - _GAP / 2
    axes.imshow(picture.transpose(1, 2, 0), extent=(left, right, bottom, top), aspect="auto")
    width = _FRAME.get(frame, 2.6) if frame else 0.6
    edge = {"edgecolor": COLOURS[frame or "line"], "linewidth": width}
    axes.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, **edge))


def _mark(axes: Axes, kind: str, x: float, y: float) -> None:
    """A tick or a cross in the upper right corner: colour alone would not do."""
    x, y, radius = x + 1 - 0.17, y + 0.17, 0.115
    axes.add_patch(Circle((x, y), radius, color=COLOURS[kind], linewidth=0, zorder=3))
    strokes = {
        "hit": [[(-0.5, 0.05), (-0.12, 0.42), (0.5, -0.36)]],
        "miss": [[(-0.38, -0.38), (0.38, 0.38)], [(-0.38, 0.38), (0.38, -0.38)]],
    }[kind]
    for stroke in strokes:
        along, down = np.array(stroke).T * radius
        axes.plot(x + along, y + down, color="white", linewidth=1.8, zorder=4)


def _captions(captions, n: int, width: float) -> tuple[list[list[str]], float]:
    """Captions wrapped to the width of a picture, and the height they need."""
    if captions is None:
        return [[]] * n, 0.0
    if len(captions) != n:
        raise ValueError(f"{len(captions)} captions for {n} pictures; expected one each")
    letters = max(4, int(WIDTH / width * 72 / (0.56 * _CAPTION)))
    wrapped = [
        [line for part in str(caption).split("\n") for line in textwrap.wrap(part, letters)]
        for caption in captions
    ]
    return wrapped, _inches(0.06 + _LINE * max(map(len, wrapped)), width)


def _caption(axes: Axes, lines: list[str], x: float, y: float) -> None:
    step = _inches(_LINE, axes.get_xlim()[1])
    for i, line in enumerate(lines):  # line by line: baselines agree from picture to picture
        axes.text(x + 0.5, y + 1 + (i + 0.9) * step, line, ha="center", fontsize=_CAPTION)


def _legend(axes: Axes) -> None:
    frame = {"linestyle": "", "marker": "s", "markersize": 11, "markerfacecolor": "none"}
    names = {"query": "query", "hit": "✓ hit", "miss": "✗ miss", "truth": "a picture of the item"}
    handles = [
        Line2D([], [], markeredgecolor=COLOURS[kind], markeredgewidth=2.6, label=name, **frame)
        for kind, name in names.items()
    ]
    handles.append(Line2D([], [], linestyle="", marker="$0.8$", markersize=15, color="#444444"))
    handles[-1].set_label("cosine similarity")
    options = {"ncols": len(handles), "loc": "lower center", "fontsize": 9.5}
    axes.legend(handles=handles, borderaxespad=0.1, handletextpad=0.4, columnspacing=1.4, **options)


def _inches(inches: float, width: float) -> float:
    """A height in inches as a length on a board of that width."""
    return inches * width / WIDTH


def _dark(domain: str) -> str:
    return {"street": "#005A8F", "shop": "#B34E10"}[domain]  # legible as text on white


def _check(pixels: np.ndarray, name: str) -> None:
    shape, dtype = np.shape(pixels), getattr(pixels, "dtype", None)
    if dtype != np.uint8 or len(shape) != 4 or shape[1] != 3 or shape[0] == 0:
        raise ValueError(
            f"{name} has shape {shape} and dtype {dtype}; "
            "expected uint8 pictures (n, 3, height, width), n above 0"
        )
