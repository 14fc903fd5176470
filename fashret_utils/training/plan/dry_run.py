"""A chapter's training at another scale, one step of everything: before hours or money are spent.

The chapter's own definitions run: its networks, pictures' size, losses, evaluation and records.
Only two kinds of them are replaced meanwhile: what loads data, by a few items of the data set in
question, and in `budget` all that counts, by as little as will do.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from fashret_utils import chapters
from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.evidence import records
from fashret_utils.training.plan.dry_run_forms import ArmsForm, form_of


def dry_run(
    chapter: str,
    data: str,
    *,
    scale: str = "paper",
    data_root: str | Path | None = None,
    results: str | Path,
    seed: int = 0,
    device: str = "auto",
    parameters: Mapping[str, object] | None = None,
    root: Path | None = None,
) -> pd.DataFrame:
    """Train every arm of a chapter for one step on a few items, evaluate and record it.

    **Arguments**: `data` - any data set that `datasets.load` knows, such as "deepfashion-c2s";
    `data_root` - where it is; `results` - a folder for these records, not that of real ones;
    `parameters` - that the chapter has of its own.

    **Returns** one row an arm: `arm`, `size` (pixels), `parameters` and `loss` (of the first step,
    both missing where nothing is learnt), `hit@1`, `seconds`.

    **Raises** `ValueError` for a chapter that has no arms to train, data without both domains, or
    parameters that a dry run of this chapter does not take.
    """
    module = chapters.definitions(chapter, root)
    try:
        form = form_of(module)
    except ValueError as error:
        raise ValueError(f"{chapter} {error}") from None
    if unknown := sorted({*(parameters or {})} - {*form.parameters}):
        raise ValueError(
            f"a dry run of {chapter} has no parameter {', '.join(unknown)}: "
            f"it takes {', '.join(form.parameters) or 'none'}"
        )
    place = None if data_root is None else str(data_root)
    catalog = few(form.load(module, data, scale, place), form.items)
    rows = []
    with _small(module, form, catalog), tempfile.TemporaryDirectory() as fresh:
        # In a folder of their own, so that no arm is passed over for its record of last time.
        where = {"scale": scale, "device": device, "results": fresh, "data_root": place or ""}
        where |= {"progress": False, **form.where, **(parameters or {})}
        size = form.plan(module, data, scale)["size"]
        for arm, job in form.jobs(module, data, seed, where):
            begun = time.perf_counter()
            more = job() or {}
            (made,) = records.load(fresh, chapter=module.CHAPTER, arm=arm)
            row = {"arm": arm, "size": size, "parameters": made.cost.get("parameters")}
            row |= {"loss": _first_loss(made), "hit@1": made.metrics["hit@1"], **more}
            rows.append({**row, "seconds": time.perf_counter() - begun})
        shutil.copytree(fresh, results, dirs_exist_ok=True)
    table = pd.DataFrame(rows)
    return table.astype({"parameters": "Int64", "loss": float})


def _first_loss(record: records.Record) -> float | None:
    """The loss of the first step, or the last of several; None where nothing was learnt."""
    beside = ("step", "images_per_second", "val_map")
    names = [name for name in record.curve if name not in beside]
    name = "loss" if "loss" in names or not names else names[-1]
    return record.curve[name][0] if names else None


def few(catalog: Catalog, most: Mapping[str, int]) -> Catalog:
    """Some items of each split of a catalogue: the first that have pictures of both domains.

    Without a split "val", the last of the training items become it.

    **Arguments**: `most` - how many items of "train", "val" and "test" (query and gallery).

    **Returns** a catalogue of its own, which shares no cached pixels.

    **Raises** `ValueError` when a split has no such item.
    """
    split = catalog.split.copy()
    if not (split == "val").any():
        split[np.isin(catalog.item, _two_sided(catalog, split == "train")[-most["val"] :])] = "val"
    keep = np.zeros(len(catalog), dtype=bool)
    for role, count in most.items():
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


def _at_most(size: int | tuple[int, ...], most: int) -> int | tuple[int, ...]:
    """A size, or the sizes of several stages, cut down."""
    return tuple(min(n, most) for n in size) if isinstance(size, tuple) else min(size, most)


@contextmanager
def _small(module: ModuleType, form: ArmsForm, catalog: Catalog) -> Iterator[None]:
    """Give a chapter's definitions little data, few steps, and a cache folder of their own."""
    new, full = form.replaced(module, catalog), module.budget

    def budget(*asked: str) -> dict:
        plan = full(*asked)
        given = {name: plan[name] for name in form.least if plan.get(name) is not None}
        return plan | {name: _at_most(value, form.least[name]) for name, value in given.items()}

    new["budget"] = budget
    whole = {name: getattr(module, name) for name in new}
    cache = os.environ.get("FASHRET_CACHE")
    with tempfile.TemporaryDirectory() as folder:
        # A checkpoint of one step must not be taken for the start of a real run.
        os.environ["FASHRET_CACHE"] = folder
        vars(module).update(new)
        try:
            yield
        finally:
            vars(module).update(whole)
            os.environ.pop("FASHRET_CACHE")
            if cache is not None:
                os.environ["FASHRET_CACHE"] = cache
