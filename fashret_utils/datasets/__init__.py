"""Data sets by name: each is loaded as a `Catalog`, and none needs to be there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils.catalog import Catalog
from fashret_utils.datasets import (
    abo_shoes,
    clothing,
    darn,
    deepfashion_c2s,
    deepfashion_inshop,
    fashion_mnist,
    fashion_mnist_street,
    folder,
    grocery_store,
    lookbook,
    manifest,
    mnist,
    mvshoe,
    street2shop,
)
from fashret_utils.datasets.places import DataNotFoundError, Report, data_root

WARDROBES = {"wardrobe-garments": "garments", "wardrobe-shoes": "shoes"}
OPEN = (fashion_mnist, fashion_mnist_street, mnist, grocery_store, clothing)
PAPERS = (deepfashion_c2s, deepfashion_inshop, street2shop, darn, lookbook, abo_shoes, mvshoe)
DOWNLOADS = {module.ABOUT.name: module for module in OPEN + PAPERS}
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
        try:
            summary = module.load(root).summary().to_string().splitlines()
        except ValueError as error:  # every file is there, and yet it makes no catalogue
            summary = [f"it cannot be loaded: {error}"]
        report = replace(report, notes=(*report.notes, "", *summary))
    return report


def labelled_images(
    name: str, root: str | Path | None = None
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The train and the test file of "mnist" or "fashion-mnist", in their published order.

    **Returns** for each file its pictures uint8 (n, 28, 28) and labels uint8 (n,).

    **Raises** as `load`.
    """
    module = {"mnist": mnist, "fashion-mnist": fashion_mnist}.get(name)
    if module is None:
        raise ValueError(f"{name!r} has no files of labelled images: mnist and fashion-mnist do")
    folder = module.ABOUT.find(root)
    return tuple(
        (module.images(folder, part), module.labels(folder, part)) for part in ("train", "t10k")
    )


def _module(name: str):
    modules = DOWNLOADS | OWN
    if name not in modules:
        raise ValueError(f"unknown data set {name!r}: choose one of {', '.join(NAMES)}")
    return modules[name]


__all__ = [
    "NAMES",
    "DataNotFoundError",
    "Report",
    "available",
    "labelled_images",
    "load",
    "verify",
]
