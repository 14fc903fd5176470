"""shop-views as a catalogue, in one of three roles: transfer, in-shop, composite."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets.reading.listed import report
from fashret_utils.datasets.reading.pictures import FileReader
from fashret_utils.datasets.reading.places import Report
from fashret_utils.datasets.shop_views.folds import parts, style_folds
from fashret_utils.datasets.shop_views.table import ABOUT, FLAT, attributes, read_table

ROLES = ("transfer", "in-shop", "composite")
DOMAINS = ("roles", "shop")
FACTORS = ("background", "pose", "occlusion", "light", "camera", "crop")


def load(
    root: str | Path | None = None,
    *,
    role: str = "transfer",
    folds: int = 5,
    fold: int | None = None,
    domains: str = "roles",
    composites: int = 2,
    seed: int = 0,
    gap: float = 1.0,
    factors: Mapping[str, float] | None = None,
) -> Catalog:
    """shop-views: studio photos of garments from several sides. Protocol open-set.

    Family = style: its colourways are often one photo, dyed anew. View = front, back, alt (a
    close-up, a worn accessory or a side), outfit, side: `where(view="back")` for one kind of query.
    An item has the same number in every role. Attributes: see `table.attributes`.

    **Arguments**

    - `role`: "transfer": no training, query = all photos that are no front and agree in colour with
      theirs, gallery = the fronts of all items.
      "in-shop": cross-validation over styles. Query = as above, of the styles of `fold`; gallery =
      their fronts and, in every fold, those of the styles that have no query at all, which no fold
      trains on. Val = the next fold, train = the others.
      "composite": query = street pictures made of fronts and backs of garments (no accessories),
      gallery = all fronts. Without `fold` nothing is trained; with it, train and val are as in
      "in-shop", and a street picture of a front is among the training pictures, too.
    - `folds`, `fold`: number of folds, and which of them (0 to folds - 1) is tested; "in-shop"
      takes 0 if none is given.
    - `domains`: "roles": fronts count as shop, all else as street, for methods that learn from two
      domains; "shop": all are shop pictures, as is true. Val then has no queries. Composites are
      street pictures in either case.
    - `composites`, `seed`, `gap`, `factors`: street pictures a photo, their seed, and the strength
      of all or of single causes of the domain gap (`FACTORS`), as in the Wardrobe.

    **Raises** `DataNotFoundError`; `ValueError` for a wrong argument, or naming the line of
    `items.csv` that is wrong, or the first photo that is missing.
    """
    if role not in ROLES:
        raise ValueError(f"unknown role {role!r}: choose one of {', '.join(ROLES)}")
    if domains not in DOMAINS:
        raise ValueError(f"unknown domains {domains!r}: choose one of {', '.join(DOMAINS)}")
    if role == "transfer" and fold is not None:
        raise ValueError('role "transfer" trains nothing and has no folds: leave fold out')
    strengths = _strengths(gap, factors)
    folder = ABOUT.find(root)
    table = read_table(folder)
    _refuse_missing(folder, table)
    if role == "composite":
        return _composite(folder, table, folds, fold, composites, seed, strengths)
    front = (table["view"] == "front").to_numpy()
    part = np.full(len(table), "test", dtype="<U5")
    if role == "in-shop":
        fold = 0 if fold is None else fold
        of_row = style_folds(table["family"].to_numpy(), table["query"].to_numpy(), folds)
        part = parts(of_row, fold, folds)
    return _catalog(
        folder,
        table,
        name="shop-views" if role == "transfer" else f"shop-views-in-shop-{fold}of{folds}",
        split=np.where(part == "test", np.where(front, "gallery", "query"), part),
        domain=np.where(front | (domains == "shop"), SHOP, STREET),
        reader=FileReader(folder),
    )


def verify(root: str | Path | None = None) -> Report:
    """Check that every photo of `items.csv` is there and can be read, and count what it holds."""
    folder = ABOUT.find(root)
    everything, table = read_table(folder, usable=False), read_table(folder)
    query = table["query"]
    views = ", ".join(f"{n} {view}" for view, n in table["view"][query].value_counts().items())
    notes = (
        f"{len(everything):,} photos of {everything['item'].nunique()} garments and accessories, "
        f"{everything['style_id'].nunique()} styles; {len(table):,} usable",
        f"{int(query.sum())} query pictures of {table['item'][query].nunique()} items: {views}",
    )
    return report(ABOUT.name, folder, everything["file"].tolist(), notes)


def _composite(
    folder: Path,
    table: pd.DataFrame,
    folds: int,
    fold: int | None,
    composites: int,
    seed: int,
    strengths: dict[str, float],
) -> Catalog:
    """Street pictures of garments' fronts and backs, and the fronts of all items."""
    if composites < 1 or seed < 0:
        raise ValueError(f"expected composites >= 1 and seed >= 0, got {composites}, {seed}")
    from fashret_utils.datasets.shop_views.street_reader import StreetReader  # slow to import

    worn = ~table["category"].str.contains(FLAT) & table["view"].isin(("front", "back"))
    front = table["view"] == "front"
    # all street pictures of a photo follow each other: it is cut out once
    streets = table[worn].loc[table[worn].index.repeat(composites)]
    number = np.tile(np.arange(composites), int(worn.sum()))
    streets = streets.assign(
        source=[f"street:{k}:{f}" for k, f in zip(number, streets["file"], strict=True)]
    )
    rows = pd.concat([streets, table[front].assign(source=table["file"])], ignore_index=True)
    domain = np.repeat((STREET, SHOP), (len(streets), int(front.sum())))
    part = np.full(len(rows), "test", dtype="<U5")
    name = "shop-views-composite"
    if fold is not None:
        of_row = style_folds(rows["family"].to_numpy(), domain == STREET, folds)
        part, name = parts(of_row, fold, folds), f"{name}-{fold}of{folds}"
    return _catalog(
        folder,
        rows,
        name=name,
        split=np.where(part == "test", np.where(domain == STREET, "query", "gallery"), part),
        domain=domain,
        reader=StreetReader(folder, seed, strengths),
    )


def _catalog(folder: Path, table: pd.DataFrame, name, split, domain, reader) -> Catalog:
    return Catalog(
        name=name,
        item=table["item_number"].to_numpy(),
        family=table["family"].to_numpy(),
        domain=domain,
        split=split,
        category=table["category"].to_numpy(object),
        view=table["view"].to_numpy(object),
        source=table.get("source", table["file"]).to_numpy(object),
        reader=reader,
        licence=ABOUT.licence,
        **attributes(table),
    )


def _strengths(gap: float, factors: Mapping[str, float] | None) -> dict[str, float]:
    strengths = dict.fromkeys(FACTORS, float(gap)) | dict(factors or {})
    for name, value in strengths.items():
        if name not in FACTORS or not 0 <= value <= 2:
            raise ValueError(
                f"gap factor {name!r} = {value}: expected one of {', '.join(FACTORS)}, from 0 to 2"
            )
    return strengths


def _refuse_missing(folder: Path, table: pd.DataFrame) -> None:
    missing = [file for file in table["file"] if not (folder / file).is_file()]
    if missing:
        raise ValueError(
            f"{folder / 'items.csv'} lists {missing[0]}, which is not there ({len(missing)} "
            "missing in all): python -m fashret_utils data fetch shop-views into an empty folder"
        )
