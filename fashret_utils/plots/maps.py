"""UMAP of both domains in one plane."""

from contextlib import suppress
from types import ModuleType

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from fashret_utils.items import as_items, check_same_kind
from fashret_utils.plots.style import COLOURS, WIDTH, canvas, styled

FEWEST = 4  # rows that UMAP can lay out


def umap_layout(
    query: np.ndarray, gallery: np.ndarray, seed: int = 0, neighbours: int = 15
) -> tuple[np.ndarray, np.ndarray]:
    """Places of query and gallery embeddings in one plane (McInnes et al. 2018, UMAP).

    **Arguments**

    - `query`, `gallery`: `(n, d)` and `(m, d)`; compared by cosine.
    - `seed`: fixes the result.
    - `neighbours`: size of the neighbourhood that is kept together.

    **Returns** `(n, 2)` and `(m, 2)` float32, in arbitrary units.

    **Raises** `ValueError` for fewer than 4 rows in all, rows of two widths, and NaN or Inf.
    """
    query, gallery = np.asarray(query), np.asarray(gallery)
    if query.ndim != 2 or gallery.ndim != 2 or query.shape[1] != gallery.shape[1]:
        raise ValueError(
            f"embeddings have shapes {query.shape} and {gallery.shape}; expected (n, d) and (m, d)"
        )
    if (found := len(query) + len(gallery)) < FEWEST:
        raise ValueError(f"a map needs {FEWEST} pictures or more, not {found}: show them as a grid")
    for name, rows in (("query", query), ("gallery", gallery)):
        if not np.isfinite(rows).all():
            row = int(np.argmin(np.isfinite(rows).all(axis=1)))
            raise ValueError(f"{name} row {row} holds NaN or Inf and has no place in a map")
    import umap  # compiles at import: seconds that only this function needs

    _keep_compiled(umap.umap_, umap.layouts, umap.utils)
    both = np.concatenate([query, gallery])
    neighbours = min(neighbours, len(both) - 1)
    layout = umap.UMAP(n_neighbors=neighbours, metric="cosine", random_state=seed, n_jobs=1)
    places = layout.fit_transform(both).astype(np.float32)
    return places[: len(query)], places[len(query) :]


def _keep_compiled(*modules: ModuleType) -> None:
    """Let numba keep on disk what it compiles of these modules: the layout itself takes a second.

    UMAP does not ask for it, so each process would compile for twenty seconds.
    """
    for module in modules:
        for thing in vars(module).values():
            if hasattr(thing, "enable_caching"):
                with suppress(RuntimeError):  # nowhere to write: compiled each time
                    thing.enable_caching()


@styled
def umap_map(
    query: np.ndarray | None,
    gallery: np.ndarray | None,
    query_items: np.ndarray,
    gallery_items: np.ndarray,
    query_pixels: np.ndarray | None = None,
    gallery_pixels: np.ndarray | None = None,
    links: int = 40,
    thumbnails: int = 24,
    title: str = "Where both domains lie",
    layout: tuple[np.ndarray, np.ndarray] | None = None,
    seed: int = 0,
) -> Figure:
    """Query and gallery pictures by embedding, with lines between pictures of the same item.

    **Arguments**

    - `query`, `gallery`: embeddings `(n, d)` and `(m, d)`, or None if `layout` is given.
    - `query_items`, `gallery_items`: `(n,)` and `(m,)`, integers or strings.
    - `query_pixels`, `gallery_pixels`: uint8 `(n, 3, S, S)` and `(m, 3, S, S)` for thumbnails.
    - `links`: of how many items, drawn at random, the pictures are joined by lines.
    - `thumbnails`: at most how many pictures are shown; they do not overlap.
    - `layout`: what `umap_layout` returned, to draw it without computing it again.

    **Raises** `ValueError` as `umap_layout` does, and for items or thumbnails of another kind.
    """
    places = layout or umap_layout(query, gallery, seed)
    items = (as_items(query_items, "query_items"), as_items(gallery_items, "gallery_items"))
    check_same_kind(*items)
    figure = canvas(WIDTH * 0.8)
    axes = figure.subplots()
    axes.set_title(title, fontsize=13.5)
    joined = _link(axes, places, items, links, seed)
    looks = (("query (street)", "query", "o"), ("gallery (shop)", "gallery", "s"))
    size = np.clip(9000 / sum(map(len, places)), 7, 40)
    for place, (_, colour, marker) in zip(places, looks, strict=True):
        dots = {"s": size, "color": COLOURS[colour], "alpha": 0.75, "linewidth": 0}
        axes.scatter(*place.T, marker=marker, **dots)
    axes.set(xlabel="UMAP 1 (arbitrary units)", ylabel="UMAP 2 (arbitrary units)")
    axes.set(xticks=[], yticks=[])
    axes.margins(0.05)
    for pixels in (query_pixels, gallery_pixels):
        if pixels is not None and pixels.dtype != np.uint8:
            raise ValueError(f"thumbnails have dtype {pixels.dtype}; expected uint8 pixels")
    _thumbnails(axes, places, (query_pixels, gallery_pixels), thumbnails, seed)
    handles = [
        Line2D([], [], linestyle="", marker=marker, markersize=8, color=COLOURS[colour], label=name)
        for name, colour, marker in looks
    ]
    if joined:
        link = {"color": COLOURS["truth"], "linewidth": 1}
        handles.append(Line2D([], [], label=f"same item ({joined} items)", **link))
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def _link(axes: Axes, places, items, links: int, seed: int) -> int:
    """Join each query of some items with the nearest gallery picture of its item."""
    common = np.intersect1d(*items)
    random = np.random.default_rng(seed)
    chosen = random.permutation(common)[:links]
    segments = []
    for row in np.flatnonzero(np.isin(items[0], chosen)):
        candidates = places[1][items[1] == items[0][row]]
        nearest = np.argmin(((candidates - places[0][row]) ** 2).sum(axis=1))
        segments.append([places[0][row], candidates[nearest]])
    lines = {"colors": COLOURS["truth"], "linewidths": 0.8, "alpha": 0.55, "zorder": 0.5}
    axes.add_collection(LineCollection(segments, **lines))
    return len(chosen)


def _thumbnails(axes: Axes, places, pixels, count: int, seed: int) -> None:
    """Small pictures at points far enough apart not to overlap."""
    pool = [
        (domain, row)
        for domain in (0, 1)
        if pixels[domain] is not None
        for row in range(len(places[domain]))
    ]
    everything = np.concatenate(places)
    reach = np.ptp(everything, axis=0)
    apart = np.array([0.07, 0.095])  # a picture and its frame, in parts of the map's sides
    shown: list[np.ndarray] = []
    for i in np.random.default_rng(seed).permutation(len(pool)):
        domain, row = pool[i]
        place = places[domain][row] / reach
        if len(shown) == count:
            break
        if any((np.abs(place - other) < apart).all() for other in shown):
            continue
        shown.append(place)
        picture = pixels[domain][row].transpose(1, 2, 0)
        image = OffsetImage(picture, zoom=32 / len(picture), dpi_cor=True)
        edge = {"edgecolor": COLOURS["query" if domain == 0 else "gallery"], "linewidth": 2}
        box = AnnotationBbox(image, places[domain][row], pad=0.05, bboxprops=edge)
        axes.add_artist(box)
