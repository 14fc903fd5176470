"""clothing-dataset-small (Grigorev 2020): 3,781 photos of clothes in 10 categories, CC0.

Photos that people took of their own clothes. It knows categories and who sent a photo, but no item
identity and no shop pictures: retrieval on it is by category, between different people's photos.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import STREET
from fashret_utils.datasets.reading.csv_lines import read_csv
from fashret_utils.datasets.reading.listed import ignored, report
from fashret_utils.datasets.reading.pictures import SUFFIXES, FileReader
from fashret_utils.datasets.reading.places import About, Report

ABOUT = About(
    name="clothing-dataset-small",
    licence="CC0 1.0",
    home="github.com/alexeygrigorev/clothing-dataset-small (senders: images.csv of "
    "github.com/alexeygrigorev/clothing-dataset)",
    folders=("clothing-dataset-small",),
    marker=("train/t-shirt",),
)
SENDER_FILES = ("labels.csv", "images.csv", "images-full.csv")
_SPLITS = {"train": "train", "validation": "val", "test": "test"}


def load(root: str | Path | None = None) -> Catalog:
    """clothing-dataset-small for retrieval by category: a picture's item is its category.

    Protocol closed-set, all pictures of the street domain. Train and val are the data set's own;
    no sender of its test photos occurs in them. Gallery = the test photos of the sender with most
    of them, query = those of the other senders, so no answer shows the query's own wardrobe.
    Val photos have no gallery of their own: search among them, each left out of its own search.

    **Raises** `DataNotFoundError`, or `ValueError` when no file tells who sent a test photo.
    """
    folder = ABOUT.find(root)
    sources = _sources(folder)
    parts = [source.split("/") for source in sources]
    label = np.array([p[1] for p in parts])
    split = np.array([_SPLITS[p[0]] for p in parts], dtype=object)
    test = split == "test"
    senders = _senders(folder)
    sender = pd.Series([Path(source).stem for source in sources])[test].map(senders)
    if sender.isna().any():
        photo = sources[int(sender.index[sender.isna()][0])]
        raise ValueError(
            f"nothing tells who sent {photo}: {' or '.join(SENDER_FILES)} with the columns image "
            f"and sender_id is needed in {folder}; get it from {ABOUT.home}"
        )
    counts = sender.value_counts()
    most = min(counts.index[counts == counts.max()])
    split[test] = np.where(sender == most, "gallery", "query")
    return Catalog(
        name=ABOUT.name,
        item=np.unique(label, return_inverse=True)[1],
        domain=np.full(len(label), STREET),
        split=split,
        category=label,
        source=sources,
        reader=FileReader(folder),
        licence=ABOUT.licence,
        protocol="closed-set",
    )


def verify(root: str | Path | None = None) -> Report:
    """Check that every photo that the list of labels names is there and can be read."""
    folder = ABOUT.find(root)
    sources = _sources(folder)
    listed = folder / SENDER_FILES[0]
    if listed.is_file():
        sources = sorted(set(sources) | set(_column(read_csv(listed), listed, "path")))
    counts = pd.Series([s.split("/")[0] for s in sources]).value_counts(sort=False)
    note = ", ".join(f"{count:,} {split}" for split, count in counts.items())
    return report(ABOUT.name, folder, sources, (note,))


def _sources(folder: Path) -> list[str]:
    files = [p for split in _SPLITS for p in sorted((folder / split).glob("*/*"))]
    kept = [p for p in files if p.suffix.lower() in SUFFIXES and not ignored(p)]
    return [p.relative_to(folder).as_posix() for p in kept if not ignored(p.parent)]


def _senders(folder: Path) -> dict[str, str]:
    senders: dict[str, str] = {}
    for file in SENDER_FILES:
        if (folder / file).is_file():
            table = read_csv(folder / file)
            if {"image", "sender_id"} <= set(table.columns):
                pairs = zip(table["image"], table["sender_id"], strict=True)
                senders |= {image: sender for image, sender in pairs if sender}
    return senders


def _column(table: pd.DataFrame, path: Path, name: str) -> pd.Series:
    if name not in table.columns:
        raise ValueError(f"{path} lacks column {name!r}: it has {', '.join(table.columns)}")
    return table[name]
