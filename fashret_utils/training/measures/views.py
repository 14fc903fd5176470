"""How much the view matters to an embedding: one number, and a matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from fashret_utils import retrieval
from fashret_utils.data.catalog import Catalog
from fashret_utils.training.benches.by_distance import by_distance


def view_ratio(features: np.ndarray, items: np.ndarray, most: int = 4000) -> float:
    """Mean distance within items over mean distance between items.

    **Arguments**: `features` - (n, d), of which the first `most` are taken; `items` - (n,).
    """
    x, owner = torch.tensor(features[:most]).double(), torch.tensor(items[:most])
    distance, same = torch.cdist(x, x), owner[:, None] == owner
    other = ~torch.eye(len(x), dtype=torch.bool)
    return (distance[same & other].mean() / distance[~same].mean()).item()


def view_matrix(
    features: tuple[np.ndarray, np.ndarray], sides: Sequence[Catalog]
) -> list[list[float | None]]:
    """hit@1 by distance, for queries of one view in a gallery of one view.

    **Arguments**: `features` - of the street and of the shop pictures, (n, d) and (m, d); `sides` -
    their rows; each item has one shop picture a view.

    **Returns** a row for the street and for each view of the shop, a column for each view; None
    where a view would be searched in itself.
    """
    (query, gallery), (street, shop) = features, sides
    views = list(dict.fromkeys(shop.view))
    of = {v: (gallery[shop.view == v], shop.item[shop.view == v]) for v in views}
    rows = []
    for asked, (x, items) in {"street": (query, street.item), **of}.items():
        row = []
        for view in views:
            first = retrieval.search(*by_distance(x, of[view][0]), 1)[1][:, 0]
            hit = (of[view][1][first] == items).mean()
            row.append(None if view == asked else float(hit))
        rows.append(row)
    return rows
