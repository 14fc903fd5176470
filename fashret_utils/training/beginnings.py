"""Which training pictures arms start from."""

from __future__ import annotations

import numpy as np

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import DOMAINS


def paired(catalog: Catalog) -> Catalog:
    """A catalogue without the training items that lack a picture of one domain: no pair holds them.

    Rows of other splits stay as they are.
    """
    train = catalog.split == "train"
    both = np.ones(len(catalog), dtype=bool)
    for domain in range(len(DOMAINS)):
        both &= np.isin(catalog.item, catalog.item[train & (catalog.domain == domain)])
    return catalog if both[train].all() else catalog.take(np.flatnonzero(~train | both))


def one_of_each(rows: Catalog) -> Catalog:
    """The first street and the first shop picture of each item, in the order of the catalogue."""
    keep = []
    for domain in range(len(DOMAINS)):
        place = np.flatnonzero(rows.domain == domain)
        keep.append(place[np.unique(rows.item[place], return_index=True)[1]])
    return rows.take(np.sort(np.concatenate(keep)))
