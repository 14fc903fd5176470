"""The explorers of the book: made from what executed chapters left behind."""

import html
import io
from importlib import resources
from pathlib import Path
from string import Template

import numpy as np
from PIL import Image

from fashret_utils.datasets import DataNotFoundError
from fashret_utils.evidence import records
from fashret_utils.explorer.document import LIMIT, Explorer, explore
from fashret_utils.explorer.views import VIEWS, View
from fashret_utils.retrieval import Retrieval

MISSING = "The chapters executed here left no embeddings to explore: run `make book`.\n"
LEFT_OUT = """(explore-{view.chapter})=
## {view.title}

{view.caption}

Not shown: `{view.data}` was not found where this page was built (see {{doc}}`datasets`).
"""
QUERIES = 350  # shown at most: those of a large test are thinned evenly
# Sides of a thumbnail in pixels: the largest with which the page is light enough is taken.
SIDES = (96, 80, 64, 48, 32)


def keep(
    results: str | Path, found: Retrieval, query: np.ndarray, gallery: np.ndarray, **names: object
) -> None:
    """Put embeddings beside a record that was written without them, for the explorer.

    **Arguments**: `found` - what was recorded; `query` (n, d), `gallery` (m, d) - what it ranked;
    `names` - of the run: chapter, data, arm, scale, seed.
    """
    record = records.read(records.path_of(results, **names))
    items = {"query_items": found.query_items, "gallery_items": found.gallery_items}
    records.write(record, results, query=query, gallery=gallery, **items)


def from_records(view: View, results: str | Path, data_root: str = "") -> Explorer | None:
    """The explorer of the last run of both arms; None where the embeddings are not at hand.

    **Raises** `ValueError` when a record is of other pictures than the chapter loads now,
    `DataNotFoundError` when there are records, but not their pictures.
    """
    found = records.load(results, chapter=view.chapter, data=view.data, arm=view.arms)
    found = [record for record in found if record.embeddings is not None]
    newest = {record.arm: record for record in sorted(found, key=lambda record: record.time)}
    if set(newest) != set(view.arms):
        return None
    first, second = (newest[arm] for arm in view.arms)
    if (first.scale, first.seed) != (second.scale, second.seed):
        return None
    catalog = view.load(view, first.scale, data_root)
    query, gallery = catalog.where(split="query"), catalog.where(split="gallery")
    if view.answerable:
        query = query.take(np.isin(query.item, gallery.item))
    shown = np.linspace(0, len(query) - 1, min(QUERIES, len(query))).round().astype(int)
    methods = {}
    for record in (first, second):
        kept = records.embeddings(record, results)
        items = (kept["query_items"], kept["gallery_items"])
        same = all(map(np.array_equal, items, (query.item, gallery.item)))
        if not same or record.catalog_hash not in (None, catalog.hash):
            raise ValueError(
                f"{record.path(results)} is of other pictures than {view.chapter} loads now: "
                "run the chapter again"
            )
        methods[record.arm] = (kept["query"][shown], kept["gallery"])
    made = None
    for side in SIDES:
        about = {"side": side, "layouts": made and made.layouts}
        made = explore(query.take(shown), gallery, methods, view.title, **about)
        if made.weight <= LIMIT:
            break
    return made


def write(results: str | Path, static: Path, generated: Path, data_root: str = "") -> Path:
    """Write the explorers and the part of a page that shows them.

    **Arguments**: `results` - records with embeddings; `static` - folder of the site's files,
    `generated` - folder of generated page parts; both exist. `data_root` - folder of the real data
    sets. An explorer whose pictures are not there is left out, and the page says so.

    **Returns** the page's part, `generated/explorer.md`.
    """
    parts, shown = [], 0
    for view in VIEWS:
        try:
            made = from_records(view, results, data_root)
        except DataNotFoundError:
            parts.append(LEFT_OUT.format(view=view))
            continue
        if made is None:
            continue
        (static / "explorer").mkdir(exist_ok=True)
        path = made.save(static / f"explorer/{view.name}.html")
        _still(made).save(generated / f"explorer-{view.name}.png", optimize=True)
        parts.append(_part(view, path, wait=shown > 0))  # the page loads one by itself
        shown += 1
    page = generated / "explorer.md"
    page.write_text("\n".join(parts) or MISSING, encoding="utf-8")
    return page


def frame(name: str, title: str, path: Path, height: str = "60rem", wait: bool = False) -> str:
    """HTML that shows a document of `_static` in a page of `book/`.

    The two agree on the theme and on the height of the frame. With `wait` the document is loaded
    when the reader presses a button, which says its size.
    """
    size = path.stat().st_size
    shown = f"{size / 1e6:.1f} MB" if size > 1e5 else f"{size / 1e3:.0f} kB"
    button = f'<button type="button" id="{name}-open">Open the explorer</button>' if wait else ""
    template = resources.files(__package__).joinpath("embed.html").read_text(encoding="utf-8")
    return Template(template).substitute(
        name=name,
        title=html.escape(title),
        source=f"../_static/{path.parent.name}/{path.name}",
        attribute="data-src" if wait else "src",
        hidden=" hidden" if wait else "",
        button=button,
        height=height,
        size=shown,
    )


def _still(explorer: Explorer) -> Image.Image:
    """The map as a picture of few colours: every reader of the page loads all of them."""
    with Image.open(io.BytesIO(explorer.still()._repr_png_())) as drawn:
        return drawn.convert("RGB").quantize(64, dither=Image.Dither.NONE)


def _part(view: View, path: Path, wait: bool) -> str:
    return f"""(explore-{view.chapter})=
## {view.title}

{view.caption}

```{{raw}} html
{frame(f"explorer-{view.name}", f"Explorer: {view.title}", path, wait=wait)}```

```{{figure}} _generated/explorer-{view.name}.png
---
name: fig-explorer-{view.name}
figclass: only-print
alt: A scatter of street and shop pictures by their embeddings; lines join pictures of one item.
---
The map of `{view.arms[0]}`: street and shop pictures, some pairs of one item joined.
```
"""
