"""Data sets by name: each is loaded as a `Catalog`, and none needs to be there."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from fashret_utils.data.catalog import Catalog
from fashret_utils.datasets import (
    abo_shoes,
    clothing,
    darn,
    folder,
    grocery_store,
    lookbook,
    manifest,
    mvshoe,
    street2shop,
)
from fashret_utils.datasets.deepfashion import c2s, inshop
from fashret_utils.datasets.lookbench import catalog as lookbench
from fashret_utils.datasets.reading.places import DataNotFoundError, Report, data_root
from fashret_utils.datasets.shop_views import catalog as shop_views

WARDROBES = {"wardrobe-garments": "garments", "wardrobe-shoes": "shoes"}
DRAWN = ("fashion-mnist", "fashion-mnist-street", "mnist")  # their modules draw with PyTorch
PAPERS = (
    c2s,
    inshop,
    street2shop,
    darn,
    lookbook,
    abo_shoes,
    mvshoe,
    lookbench,
)
_FROM_FILES = {
    module.ABOUT.name: module for module in (shop_views, grocery_store, clothing, *PAPERS)
}


class _Downloads(Mapping[str, ModuleType]):
    """Name -> module. PyTorch takes seconds and half a GB: modules with it come when asked for."""

    def __getitem__(self, name: str) -> ModuleType:
        if name not in DRAWN:
            return _FROM_FILES[name]
        from fashret_utils.datasets import fashion_mnist, mnist
        from fashret_utils.datasets.fashion_mnist_street import catalog as fashion_mnist_street

        modules = (fashion_mnist, fashion_mnist_street, mnist)
        return dict(zip(DRAWN, modules, strict=True))[name]

    def __iter__(self) -> Iterator[str]:
        yield from (*DRAWN, *_FROM_FILES)

    def __len__(self) -> int:
        return len(DRAWN) + len(_FROM_FILES)


DOWNLOADS = _Downloads()
OWN = {"folder": folder, "manifest": manifest}
NAMES = (*WARDROBES, *DOWNLOADS, *OWN)


def load(name: str, /, root: str | Path | None = None, **options) -> Catalog:
    """Load a data set.

    **Arguments**

    - `name`: one of `NAMES`. `options`: those of the data set's own `load`, of `Wardrobe` for
      "wardrobe-garments" and "wardrobe-shoes".
    - `root`: the folder that holds the data sets, or the data set's own; default $FASHRET_DATA,
      else the user's data folder. For "folder" and "manifest": the folder or CSV file itself.

    **Raises** `ValueError` for an unknown name, `DataNotFoundError` naming the folders looked at
    and how to get the data.
    """
    if name in WARDROBES:
        from fashret_utils.wardrobe import Wardrobe  # drawing libraries, slow to import

        return Wardrobe(**{"kind": WARDROBES[name]} | options).catalog()
    return _module(name).load(root, **options)


def available(root: str | Path | None = None) -> pd.DataFrame:
    """Every data set with a name of its own: name, present, folder, licence, home."""
    rows = [
        {
            "name": name,
            "present": True,
            "folder": "embedded",
            "licence": "CC0 1.0 (drawn by this package)",
            "home": "",
        }
        for name in WARDROBES
    ]
    for name, module in DOWNLOADS.items():
        about = module.ABOUT
        try:
            place, present = about.find(root), True
        except DataNotFoundError:
            place, present = data_root(root) / about.folders[0], False
        rows.append(
            {
                "name": name,
                "present": present,
                "folder": str(place),
                "licence": about.licence,
                "home": about.home,
            }
        )
    return pd.DataFrame(rows)


def verify(name: str, root: str | Path | None = None) -> Report:
    """Check a data set's files: what is there, what is missing or damaged, what it amounts to.

    **Returns** a `Report`; `print` it, or ask `report.complete`.

    **Raises** as `load`.
    """
    if name in WARDROBES:
        return Report(name, None, 0, notes=("embedded: drawn when it is needed, no files",))
    module = _module(name)
    report = module.verify(root)
    if report.complete and module not in PAPERS:  # those say themselves what they hold
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                summary = module.load(root).summary().to_string().splitlines()
            except ValueError as error:  # every file is there, and yet it makes no catalogue
                summary = [f"it cannot be loaded: {error}"]
        remarks = [f"remark: {warning.message}" for warning in said]
        notes = dict.fromkeys((*report.notes, *remarks))  # each once
        report = replace(report, notes=(*notes, "", *summary))
    return report


def labelled_images(
    name: str, root: str | Path | None = None
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The train and the test file of "mnist" or "fashion-mnist", in their published order.

    **Returns** for each file its pictures uint8 (n, 28, 28) and labels uint8 (n,).

    **Raises** as `load`.
    """
    if name not in ("mnist", "fashion-mnist"):
        raise ValueError(f"{name!r} has no files of labelled images: mnist and fashion-mnist do")
    module = DOWNLOADS[name]
    folder = module.ABOUT.find(root)
    return tuple(
        (module.images(folder, part), module.labels(folder, part)) for part in ("train", "t10k")
    )


def _module(name: str) -> ModuleType:
    for modules in (OWN, DOWNLOADS):
        if name in modules:
            return modules[name]
    raise ValueError(f"unknown data set {name!r}: choose one of {', '.join(NAMES)}")


__all__ = [
    "NAMES",
    "DataNotFoundError",
    "Report",
    "available",
    "labelled_images",
    "load",
    "verify",
]
