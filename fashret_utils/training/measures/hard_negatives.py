"""Shop pictures of other items that look most like a street picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.retrieval import search


def nearest_others(
    embed: Callable[[Catalog], np.ndarray], rows: Catalog, near: int = 50
) -> dict[int, np.ndarray]:
    """For each street row, rows of the nearest shop pictures of other items, nearest first.

    **Arguments**: `embed` - rows of a catalogue to embeddings (n, d); `near` - how many.
    """
    street, shop = (np.flatnonzero(rows.domain == domain) for domain in (STREET, SHOP))
    sides = [embed(rows.take(part)) for part in (street, shop)]
    depth = min(len(shop), near + int(np.bincount(rows.item[shop]).max()))
    found = shop[search(*sides, depth)[1]]  # (n_street, depth)
    other = rows.item[found] != rows.item[street][:, None]
    return {row: f[o][:near] for row, f, o in zip(street, found, other, strict=True)}
