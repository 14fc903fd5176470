"""LookBench (Gao et al. 2026): street and studio pictures against shops, a benchmark alone.

Nobody here has seen its files. *Stated* by the official code and its README: the configurations,
`<config>/query.parquet` and `gallery.parquet`, the columns `image`, `item_ID` ("as label if
available"), `category`, `main_attribute`, `other_attributes`, the sizes in `CONFIGS`, and that
"fine" means category and all attributes, "coarse" the category. *Stated by others* who hold the
files: `item_ID` is in them and numbers items anew in each configuration, `image` is already cut to
the item, `noise` is added to every gallery. *Inferred*, so checked on loading: that attributes are
lists or text with commas, their order without meaning; `item_id` and files in parts are accepted.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets.lookbench.rows import READINGS, part, remaining
from fashret_utils.datasets.reading.assembly import assemble, check_choice, compared
from fashret_utils.datasets.reading.listed import item_numbers
from fashret_utils.datasets.reading.parquet_pictures import ParquetReader, shards
from fashret_utils.datasets.reading.pictures import PictureError
from fashret_utils.datasets.reading.places import About, Report

CONFIGS = {  # published: queries, and pictures searched with those of `noise`
    "real_studio_flat": (1_011, 62_226),
    "aigen_studio": (192, 59_254),
    "real_streetlook": (1_000, 61_553),
    "aigen_streetlook": (160, 58_846),
}
_RELEASE = "v20251201"
ABOUT = About(
    name="lookbench",
    licence="Apache-2.0 by its card; pictures of shops and people, and generated ones",
    home=f"huggingface.co/datasets/srpone/look-bench (folder {_RELEASE})",
    folders=("lookbench", "look-bench", "LookBench"),
    marker=(_RELEASE, *CONFIGS),
)


def load(
    root: str | Path | None = None,
    *,
    config: str = "real_streetlook",
    relevance: str = "item",
    noise: str = "own",
    domains: str = "shop",
    on_error: str = "error",
) -> Catalog:
    """One configuration of LookBench: its queries, its gallery, and nothing to learn from.

    **Arguments**

    - `config`: one of `CONFIGS`. `relevance`: a gallery picture is right if it shows the same
      "item"; or, protocol closed-set, has the same category and attributes ("fine"), category and
      main attribute ("main"), category ("coarse"). A picture without a category is then like no
      other.
    - `noise`: the distractors are "own" items that no query shows; or right by their "labels", for
      the readings by labels; or "none".
    - `domains`: of studio queries: "shop", as they are, or "roles": street. Those of the looks are
      street, gallery and noise are shop.
    - `on_error`: "error" names a bad picture when it is read; "skip" tries all now and leaves bad
      ones out.

    Attribute: `main_attribute`. **Raises** `DataNotFoundError`; `ValueError` naming the file, and
    the row. **Warns** of queries whose item is not in the gallery.
    """
    check_choice("config", config, tuple(CONFIGS))
    check_choice("on_error", on_error, ("error", "skip"))
    return _catalog(_folder(root), config, relevance, noise, domains, on_error)


def verify(root: str | Path | None = None) -> Report:
    """Check every file and picture, and count queries, galleries and items without an answer."""
    folder = _folder(root)
    missing, damaged, notes, sources = [], [], [], set()
    for config, (queries, searched) in CONFIGS.items():
        if not (folder / config).is_dir():
            missing.append(config)
            continue
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                noise = "own" if (folder / "noise").is_dir() else "none"
                files = [*shards(folder / config, "query"), *shards(folder / config, "gallery")]
                readings = [r for r in READINGS if all(r in remaining(file) for file in files)]
                reading = readings[0] if readings else "item"
                catalog = _catalog(folder, config, reading, noise, "shop", "error")
            except ValueError as error:
                damaged.append(config)
                notes.append(str(error))
                continue
        found = {split: int((catalog.split == split).sum()) for split in ("query", "gallery")}
        notes.append(compared(f"{config}, queries", found["query"], queries))
        notes.append(compared(f"{config}, pictures searched", found["gallery"], searched))
        notes.append(f"{config}, readings: {', '.join(readings)}")
        notes += [f"remark: {config}, {reading}: {warning.message}" for warning in caught]
        sources.update(catalog.source.tolist())
    if not (folder / "noise").is_dir():
        missing.append("noise")
    listed = sorted(sources)
    damaged += [source for source, _ in _bad(ParquetReader(folder), listed)]
    notes.append(f"pictures: {len(listed):,}")
    files = len({source.rpartition("#")[0] for source in listed})
    return Report(ABOUT.name, folder, files, missing, damaged, tuple(notes))


def _folder(root: str | Path | None) -> Path:
    place = ABOUT.find(root)
    return place / _RELEASE if (place / _RELEASE).is_dir() else place


def _catalog(
    folder: Path, config: str, relevance: str, noise: str, domains: str, on_error: str
) -> Catalog:
    check_choice("relevance", relevance, tuple(READINGS))
    check_choice(
        "noise", noise, ("own", "none") if relevance == "item" else ("own", "labels", "none")
    )
    check_choice("domains", domains, ("shop", "roles"))
    if not (folder / config).is_dir():
        there = ", ".join(name for name in CONFIGS if (folder / name).is_dir()) or "none of them"
        raise ValueError(f"no folder {folder / config}: of {tuple(CONFIGS)} there is {there}")
    tables = [
        part(folder, config, "query", relevance).assign(split="query"),
        part(folder, config, "gallery", relevance).assign(split="gallery"),
    ]
    if noise != "none":
        if not (folder / "noise").is_dir():
            raise ValueError(f'no folder {folder / "noise"}: get it, or load with noise="none"')
        reading = relevance if noise == "labels" else None
        tables.append(part(folder, "noise", "gallery", reading).assign(split="gallery"))
    table = pd.concat(tables, ignore_index=True)
    street = config.endswith("streetlook") or domains == "roles"
    query = (table["split"] == "query").to_numpy()
    unlike = table["key"].isna().to_numpy()  # like no other
    item = np.empty(len(table), dtype=np.int64)
    item[~unlike] = item_numbers(table["key"][~unlike])
    item[unlike] = item[~unlike].max(initial=-1) + 1 + np.arange(unlike.sum())
    table = table.assign(item=item, domain=np.where(query & street, STREET, SHOP))
    if relevance != "item" and (blank := int((unlike & query).sum())):
        warnings.warn(
            f"{blank:,} queries have no category: nothing is right for them", stacklevel=3
        )
    reader = ParquetReader(folder)
    if on_error == "skip" and (bad := _bad(reader, table["source"].tolist())):
        shown = "; ".join(message for _, message in bad[:5])
        warnings.warn(f"skipped {len(bad):,} of {len(table):,} pictures: {shown}", stacklevel=3)
        table = table[~table["source"].isin([source for source, _ in bad])]
    values = tuple(sorted(set(table["main"]) - {""}))
    codes = {"": -1} | {value: i for i, value in enumerate(values)}
    return assemble(
        table,
        name=f"{ABOUT.name}-{config}{'' if relevance == 'item' else f'-{relevance}'}",
        licence=ABOUT.licence,
        reader=reader,
        attributes=np.array([codes[value] for value in table["main"]])[:, None],
        attribute_names=("main_attribute",),
        attribute_values={"main_attribute": values},
        protocol="open-set" if relevance == "item" else "closed-set",
        on_error=None,
    )


def _bad(reader: ParquetReader, sources: list[str]) -> list[tuple[str, str]]:
    """Source and error of each picture that cannot be read."""
    found = tqdm(reader.pictures(sources), "checking pictures", len(sources), delay=2)
    return [(sources[i], str(p)) for i, p in found if isinstance(p, PictureError)]
