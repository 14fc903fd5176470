"""The explorer as one HTML document that needs nothing else."""

import base64
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template

import numpy as np
from matplotlib.figure import Figure

from fashret_utils import retrieval
from fashret_utils.data.catalog import Catalog
from fashret_utils.explorer.sprites import sprite
from fashret_utils.plots import umap_layout, umap_map

WITHIN = (1, 5, 10)  # the ranks within which a hit can be asked for
PICTURES = 96  # pixels; chapters draw their figures at this size, so they are in the cache
LIMIT = 2_800_000  # bytes of a page: with what frames it, 6 MB


@dataclass(frozen=True, repr=False)
class Explorer:
    """An explorer: shows itself in a notebook, and can be saved as a file.

    `layouts` holds the UMAP places of query and gallery for each method.
    """

    html: str
    title: str
    query: Catalog
    gallery: Catalog
    layouts: dict[str, tuple[np.ndarray, np.ndarray]]

    @property
    def weight(self) -> int:
        """Bytes of the document."""
        return len(self.html.encode())

    def save(self, path: str | Path) -> Path:
        """Write the document.

        **Raises** `ValueError` when it is heavier than 2.8 MB: show fewer pictures then.
        """
        if self.weight > LIMIT:
            raise ValueError(
                f"the explorer weighs {self.weight:,} bytes, more than {LIMIT:,}: "
                "give it fewer queries or gallery pictures, or a smaller side"
            )
        Path(path).write_text(self.html, encoding="utf-8")
        return Path(path)

    def still(self) -> Figure:
        """The map of the first method as a figure, for print."""
        sides = (self.query, self.gallery)
        return umap_map(
            None,
            None,
            *(side.item for side in sides),
            *(side.pixels(PICTURES) for side in sides),
            title=next(iter(self.layouts)),
            layout=next(iter(self.layouts.values())),
        )

    def _repr_html_(self) -> str:
        """An iframe of its own, so that neither page nor notebook can disturb the other."""
        return (
            f'<iframe title="{html.escape(self.title)}" style="width:100%;height:52rem;border:0" '
            f'srcdoc="{html.escape(self.html)}"></iframe>'
        )


def explore(
    query: Catalog,
    gallery: Catalog,
    methods: Mapping[str, tuple[np.ndarray, np.ndarray]],
    title: str = "Explorer",
    k: int = 8,
    side: int = PICTURES,
    seed: int = 0,
    layouts: Mapping[str, tuple[np.ndarray, np.ndarray]] | None = None,
) -> Explorer:
    """Compare two methods query by query, on a map.

    **Arguments**

    - `query`, `gallery`: catalogues of n and m rows.
    - `methods`: two names with embeddings `(n, d)` of the queries and `(m, d)` of the gallery.
    - `k`: how many ranks are shown.
    - `side`: of a thumbnail, in pixels.
    - `seed`: of UMAP.
    - `layouts`: for each method what `plots.umap_layout` returned, to draw it without computing it
      again.

    **Raises** `ValueError` for other than two methods, or embeddings that are not one a row.
    """
    if len(methods) != 2:
        raise ValueError(f"{len(methods)} methods given; the explorer compares two")
    for name, vectors in methods.items():
        for which, part, rows in zip(("query", "gallery"), vectors, (query, gallery), strict=True):
            if len(part) != len(rows):
                raise ValueError(f"{name}: {len(part)} {which} embeddings for {len(rows)} rows")
    layouts = layouts or {
        name: umap_layout(*vectors, seed=seed) for name, vectors in methods.items()
    }
    layouts = {name: _unit(*layouts[name]) for name in methods}
    shown = np.concatenate([part.pixels(PICTURES) for part in (query, gallery)])
    pictures = sprite(shown, side)
    kinds = [i for i, name in enumerate(query.attribute_names) if name != "category"]
    payload = {
        "side": pictures.side,
        "columns": pictures.columns,
        "within": WITHIN,
        "attributes": [
            {
                "name": query.attribute_names[i],
                "values": query.attribute_values[query.attribute_names[i]],
            }
            for i in kinds
        ],
        "query": _rows(query, kinds),
        "gallery": _rows(gallery, kinds),
        "methods": [
            _found(name, methods[name], query, gallery, k) | _places(layouts[name])
            for name in methods
        ],
        "bokeh": _canvas(),
    }
    document = _fill(
        title=html.escape(title),
        sprite=base64.b64encode(pictures.data).decode(),
        data=json.dumps(payload, separators=(",", ":")).replace("</", "<\\/"),
        bokeh=_library(),
    )
    return Explorer(document, title, query, gallery, layouts)


def _unit(query: np.ndarray, gallery: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places moved and stretched into the unit square."""
    both = np.concatenate([query, gallery])
    low, high = both.min(axis=0), both.max(axis=0)
    return (query - low) / (high - low), (gallery - low) / (high - low)


def _rows(rows: Catalog, kinds: list[int]) -> dict:
    return {
        "item": rows.item.tolist(),
        "category": rows.category.tolist(),
        "attributes": rows.attributes[:, kinds].tolist(),
    }


def _places(layout: tuple[np.ndarray, np.ndarray]) -> dict:
    sides = zip(("query", "gallery"), layout, strict=True)
    return {
        side: {"x": part[:, 0].round(4).tolist(), "y": part[:, 1].round(4).tolist()}
        for side, part in ((name, places.astype(float)) for name, places in sides)
    }


def _found(name: str, vectors, query: Catalog, gallery: Catalog, k: int) -> dict:
    """The first ranks of every query, and where its first hit stands."""
    found = retrieval.evaluate(
        *vectors, query.item, gallery.item, k=(min(k, len(gallery)),), absent="zero", bootstrap=0
    )
    reciprocal = found.per_query["mrr"].to_numpy()
    return {
        "name": name,
        "first": [round(1 / value) if value > 0 else None for value in reciprocal],
        "ranks": found.indices.tolist(),
        "similarities": found.similarities.astype(float).round(3).tolist(),
    }


def _canvas() -> dict:
    """An empty Bokeh plot; the page's script fills its sources."""
    from bokeh.embed import json_item
    from bokeh.events import MouseLeave, MouseMove, Tap
    from bokeh.models import ColumnDataSource, CustomJS, PanTool, Range1d, WheelZoomTool
    from bokeh.plotting import figure

    columns = {
        "links": ("xs", "ys", "line", "dash", "width"),
        "gallery": ("x", "y", "fill", "line", "alpha"),
        "query": ("x", "y", "fill", "line"),
        "ring": ("x", "y", "line"),
        "cursor": ("x", "y", "line"),
    }
    sources = {
        name: ColumnDataSource({column: [] for column in each}, name=name)
        for name, each in columns.items()
    }
    tools = [PanTool(), WheelZoomTool(modifiers={"ctrl": True})]  # the page keeps its own scrolling
    plot = figure(
        name="plot",
        tools=tools,
        toolbar_location=None,
        sizing_mode="stretch_both",
        min_border=0,
        x_range=Range1d(-0.04, 1.04),
        y_range=Range1d(-0.04, 1.04),
        background_fill_color=None,
        border_fill_color=None,
        outline_line_color=None,
    )
    plot.axis.visible = False
    plot.grid.visible = False
    dots = {"fill_color": "fill", "line_color": "line"}
    lines = {"line_color": "line", "line_dash": "dash", "line_width": "width"}
    plot.multi_line("xs", "ys", source=sources["links"], **lines)
    square = {"marker": "square", "size": 6, "fill_alpha": "alpha", "line_alpha": "alpha"}
    plot.scatter("x", "y", source=sources["gallery"], **square, **dots)
    plot.scatter("x", "y", source=sources["query"], size=7, line_width=1.5, **dots)
    ring = {"size": 17, "fill_color": None, "line_color": "line", "line_width": 3}
    plot.scatter("x", "y", source=sources["ring"], **ring)
    plot.scatter("x", "y", source=sources["cursor"], marker="square", **ring)
    plot.js_on_event(MouseMove, CustomJS(code="window.explorer?.move(cb_obj.x, cb_obj.y)"))
    plot.js_on_event(MouseLeave, CustomJS(code="window.explorer?.leave()"))
    plot.js_on_event(Tap, CustomJS(code="window.explorer?.tap(cb_obj.x, cb_obj.y)"))
    return json_item(plot)


def _library() -> str:
    from bokeh.resources import Resources

    return Resources(mode="inline", components=["bokeh"], log_level="warn").render_js()


def _fill(**values: str) -> str:
    """The document; its parts lie beside this module."""
    parts = {
        name: resources.files(__package__).joinpath(f"explorer.{name}").read_text(encoding="utf-8")
        for name in ("html", "css", "js")
    }
    return Template(parts["html"]).substitute(css=parts["css"], script=parts["js"], **values)
