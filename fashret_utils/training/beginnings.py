"""Which training pictures the start of an arm is made from."""

from __future__ import annotations

import numpy as np

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import DOMAINS


def one_of_each(rows: Catalog) -> Catalog:
    """The first street and the first shop picture of each item, in the order of the catalogue."""
    keep = []
    for domain in range(len(DOMAINS)):
        place = np.flatnonzero(rows.domain == domain)
        keep.append(place[np.unique(rows.item[place], return_index=True)[1]])
    return rows.take(np.sort(np.concatenate(keep)))
