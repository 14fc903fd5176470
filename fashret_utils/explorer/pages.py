"""The explorers of the book: made from what executed chapters left behind."""

import html
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template

from fashret_utils import chapters, records
from fashret_utils.explorer.document import Explorer, explore

MISSING = "The chapters executed here left no embeddings to explore: run `make book`.\n"


@dataclass(frozen=True)
class View:
    """Two arms of a chapter on one data set; `caption` says what to look for."""

    name: str
    chapter: str
    data: str
    arms: tuple[str, str]
    title: str
    caption: str


VIEWS = (
    View(
        name="margins",
        chapter="01_dml",
        data="wardrobe-garments",
        arms=("dml_pair", "cosface_id"),
        title="Two margins for pairs, and one for items",
        caption="Test garments of the Wardrobe as {doc}`/notebooks/01_dml` has just trained to find"
        " them: `dml_pair` is the paper's loss, `cosface_id` CosFace over items.",
    ),
)


def from_records(view: View, results: str | Path) -> Explorer | None:
    """The explorer of the last run of both arms; None where the embeddings are not at hand.

    The chapter must define `load_data(data, scale)`.

    **Raises** `ValueError` when a record is of other pictures than the chapter loads now.
    """
    found = records.load(results, chapter=view.chapter, data=view.data, arm=view.arms)
    found = [record for record in found if record.embeddings is not None]
    newest = {record.arm: record for record in sorted(found, key=lambda record: record.time)}
    if set(newest) != set(view.arms):
        return None
    first, second = (newest[arm] for arm in view.arms)
    if (first.scale, first.seed) != (second.scale, second.seed):
        return None
    catalog = chapters.definitions(view.chapter).load_data(view.data, first.scale)
    query, gallery = catalog.where(split="query"), catalog.where(split="gallery")
    methods = {}
    for record in (first, second):
        if record.catalog_hash != catalog.hash:
            raise ValueError(
                f"{record.path(results)} is of other pictures than {view.chapter} loads now: "
                "run the chapter again"
            )
        kept = records.embeddings(record, results)
        methods[record.arm] = (kept["query"], kept["gallery"])
    return explore(query, gallery, methods, view.title)


def write(results: str | Path, static: Path, generated: Path) -> Path:
    """Write the explorers and the part of a page that shows them.

    **Arguments**: `results` - records with embeddings; `static` - folder of the site's files,
    `generated` - folder of generated page parts; both exist.

    **Returns** the page's part, `generated/explorer.md`.
    """
    parts = []
    for view in VIEWS:
        made = from_records(view, results)
        if made is None:
            continue
        (static / "explorer").mkdir(exist_ok=True)
        path = made.save(static / f"explorer/{view.name}.html")
        (generated / f"explorer-{view.name}.png").write_bytes(made.still()._repr_png_())
        parts.append(_part(view, path))
    page = generated / "explorer.md"
    page.write_text("\n".join(parts) or MISSING, encoding="utf-8")
    return page


def frame(name: str, title: str, path: Path, height: str = "60rem") -> str:
    """HTML that shows a document of `_static` in a page of `book/`.

    The two agree on the theme and on the height of the frame.
    """
    size = path.stat().st_size
    template = resources.files(__package__).joinpath("embed.html").read_text(encoding="utf-8")
    return Template(template).substitute(
        name=name,
        title=html.escape(title),
        source=f"../_static/{path.parent.name}/{path.name}",
        height=height,
        size=f"{size / 1e6:.1f} MB" if size > 1e5 else f"{size / 1e3:.0f} kB",
    )


def _part(view: View, path: Path) -> str:
    return f"""## {view.title}

{view.caption}

```{{raw}} html
{frame(f"explorer-{view.name}", f"Explorer: {view.title}", path)}```

```{{figure}} _generated/explorer-{view.name}.png
---
name: fig-explorer-{view.name}
class: only-print
alt: A scatter of street and shop pictures by their embeddings; lines join pictures of one item.
---
{view.title}: the map of the explorer for `{view.arms[0]}`, without its controls.
```
"""
