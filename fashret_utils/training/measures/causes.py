"""What each cause of the domain gap costs: the same photos with one of them taken away."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from fashret_utils import retrieval
from fashret_utils.data.catalog import Catalog
from fashret_utils.training.bench import Search


def log_odds(hit: float, count: int) -> float:
    """Natural logarithm of the odds of a share of hits among `count` queries.

    Half a hit and half a miss are added, so that it is finite (Haldane 1956).
    """
    return float(np.log((hit * count + 0.5) / ((1 - hit) * count + 0.5)))


def log_odds_lost(
    embed: Callable[[Catalog], np.ndarray],
    found: Search,
    photos: Catalog,
    without: Mapping[str, Catalog],
) -> dict[str, tuple[Search, float]]:
    """Search with photos as they are and without each cause of the gap.

    **Arguments**: `embed` - rows to embeddings; `found` - of the whole test, whose gallery
    embeddings are used again; `photos` - queries; `without` - cause -> the same queries, without
    it.

    **Returns** cause -> what was found without it, and the log odds of a hit at rank 1 gained.

    **Raises** `ValueError` where photos are not of the same items.
    """
    items, searches = found.retrieval.gallery_items, {}
    cutoffs = [k for k in (1, 10) if k <= len(items)]
    for cause, query in {"": photos, **without}.items():
        if not np.array_equal(query.item, photos.item):
            raise ValueError(f"photos without {cause!r} are not of the items of `photos`")
        vectors = embed(query)
        result = retrieval.evaluate(vectors, found.gallery, query.item, items, k=cutoffs)
        searches[cause] = Search(result, vectors, found.gallery, query.family)
    odds = {
        cause: log_odds(each.retrieval.metrics["hit@1"], len(photos))
        for cause, each in searches.items()
    }
    return {cause: (searches[cause], odds[cause] - odds[""]) for cause in without}
