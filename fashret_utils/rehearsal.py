"""A chapter's training at another scale, one step of everything: before hours or money are spent.

The chapter's own definitions run: its networks, pictures' size, losses, evaluation and records.
Only two of them are replaced meanwhile: `load_data`, by a few items of the data set in question,
and in `budget` all that counts, by as little as will do.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from fashret_utils import chapters, datasets, records
from fashret_utils.catalog import SHOP, STREET, Catalog

NEEDED = ("load_data", "budget", "choose", "train_arm", "CHAPTER")
ITEMS = {"train": 16, "val": 4, "test": 10}  # kept of a data set; a grid of 3 x 3 needs nine
LEAST = {"steps": 1, "start_steps": 1, "refresh": 1, "items": 2, "pictures": 2}


def rehearse(
    chapter: str,
    data: str,
    *,
    scale: str = "paper",
    data_root: str | Path | None = None,
    results: str | Path,
    seed: int = 0,
    device: str = "auto",
    root: Path | None = None,
) -> pd.DataFrame:
    """Train every arm of a chapter for one step on a few items, evaluate and record it.

    **Arguments**: `data` - any data set that `datasets.load` knows, such as "deepfashion-c2s";
    `data_root` - where it is; `results` - a folder for these records, not that of real ones.

    **Returns** one row an arm: `arm`, `size` (pixels), `parameters`, `loss`, `hit@1`, `seconds`.

    **Raises** `ValueError` for a chapter that has no arms to train, or data without both domains.
    """
    module = chapters.definitions(chapter, root)
    if missing := [name for name in NEEDED if not hasattr(module, name)]:
        raise ValueError(
            f"{chapter} cannot be rehearsed: its definition cells lack {', '.join(missing)}"
        )
    catalog = few(datasets.load(data, data_root))
    where = {"scale": scale, "device": device, "results": results, "data_root": data_root or ""}
    where |= {"progress": False, "causes": False}
    rows = []
    with _small(module, catalog):
        size = module.budget(data, scale)["size"]
        for arm, settings in arms(module).items():
            begun = time.perf_counter()
            module.train_arm(data, arm, settings, seed, where)
            names = {"data": data, "arm": arm, "scale": str(scale), "seed": seed}
            made = records.read(records.path_of(results, chapter=module.CHAPTER, **names))
            about = {"size": size, "parameters": made.cost["parameters"]}
            about |= {"loss": made.curve["loss"][0], "hit@1": made.metrics["hit@1"]}
            rows.append({"arm": arm, **about, "seconds": time.perf_counter() - begun})
    return pd.DataFrame(rows)


def few(catalog: Catalog) -> Catalog:
    """Some items of each split of a catalogue: the first that have pictures of both domains.

    Without a split "val", the last of the training items become it.

    **Returns** a catalogue of its own, which shares no cached pixels.

    **Raises** `ValueError` when a split has no such item.
    """
    split = catalog.split.copy()
    if not (split == "val").any():
        split[np.isin(catalog.item, _two_sided(catalog, split == "train")[-ITEMS["val"] :])] = "val"
    keep = np.zeros(len(catalog), dtype=bool)
    for role, count in ITEMS.items():
        part = np.isin(split, ("query", "gallery") if role == "test" else (role,))
        items = _two_sided(catalog, part)[:count]
        if len(items) == 0:
            raise ValueError(
                f"{catalog.name!r} has no {role} item with a street and a shop picture"
            )
        keep |= part & np.isin(catalog.item, items)
    return replace(catalog.take(keep), split=split[keep])


def _two_sided(catalog: Catalog, part: np.ndarray) -> np.ndarray:
    return np.intersect1d(*(catalog.item[part & (catalog.domain == d)] for d in (STREET, SHOP)))


def arms(module: ModuleType) -> dict[str, Mapping]:
    """The settings of a chapter's arms when no trial has been run: name -> settings."""
    chosen = module.choose([])
    if not hasattr(module, "arms"):
        return chosen
    return module.arms(**chosen, reading=module.best_of_dml([]))  # `chosen`: numbers for all arms


@contextmanager
def _small(module: ModuleType, catalog: Catalog) -> Iterator[None]:
    """Give a chapter's definitions little data, few steps, and a cache folder of their own."""
    whole = {name: getattr(module, name) for name in ("load_data", "budget")}
    cache = os.environ.get("FASHRET_CACHE")

    def budget(data: str, scale: str) -> dict:
        asked = whole["budget"](data, scale)
        return {name: min(value, LEAST.get(name, value)) for name, value in asked.items()}

    with tempfile.TemporaryDirectory() as folder:
        # A checkpoint of one step must not be taken for the start of a real run.
        os.environ["FASHRET_CACHE"] = folder
        module.load_data, module.budget = lambda *_, **__: catalog, budget
        try:
            yield
        finally:
            vars(module).update(whole)
            os.environ.pop("FASHRET_CACHE")
            if cache is not None:
                os.environ["FASHRET_CACHE"] = cache
