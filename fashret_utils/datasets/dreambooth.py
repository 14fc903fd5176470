"""Three real shoes of DreamBooth, each photographed five or six times: a handful of queries."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import STREET
from fashret_utils.datasets.reading import places
from fashret_utils.datasets.reading.pictures import FileReader

SHOES = ("colorful_sneaker", "fancy_boot", "shiny_sneaker")
FIRST_ITEM = 10**6  # no item of the Wardrobe


def shoes(root: str | Path | None = None) -> Catalog | None:
    """Photos of real shoes, all of them queries; None, and a message, where they are not.

    **Arguments**: `root` - the folder that holds `dreambooth`; by default as of `datasets.load`.
    """
    folder = places.data_root(root or None) / "dreambooth"
    files = [path for name in SHOES for path in sorted((folder / name).glob("*.jpg"))]
    if not files:
        home = str(folder).replace(str(Path.home()), "~", 1)
        print(f"No real shoes here: no {', '.join(SHOES)} in {home}. Set FASHRET_DATA to")
        print("the folder that holds `dreambooth`, from https://github.com/google/dreambooth.")
        return None
    owner = np.array([SHOES.index(path.parent.name) for path in files])
    return Catalog(
        name="dreambooth-shoes",
        item=owner + FIRST_ITEM,
        domain=np.full(len(files), STREET, np.int8),
        split=np.full(len(files), "query"),
        category=np.array([path.parent.name for path in files]),
        source=np.array([str(path.relative_to(folder)) for path in files]),
        reader=FileReader(folder),
        licence="see references_and_licenses.txt of the data set",
    )
