"""A search judged by item, by category and by attributes, and the record of it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve

from fashret_utils import retrieval
from fashret_utils.data.catalog import Catalog
from fashret_utils.evidence import records
from fashret_utils.evidence.per_query import PerQuery
from fashret_utils.scale import choose_device
from fashret_utils.training.measures.by_category import agreement, by_item_and_category
from fashret_utils.training.run import Run

AT = ("category_precision@1", "category_precision@15")  # kept query by query


class Search(NamedTuple):
    """A search: its result, embeddings (n, d) and (m, d), rows of query and gallery."""

    found: retrieval.Retrieval
    query: np.ndarray
    gallery: np.ndarray
    asked: Catalog
    shop: Catalog

    def without(self, pairs: np.ndarray) -> Search:
        """The same search where some queries may not find some shop pictures: (pairs, 2)."""
        how = {"exclude": pairs, "absent": "zero"}
        found = by_item_and_category(self.query, self.gallery, self.asked, self.shop, **how)
        return self._replace(found=found)


def search(query: np.ndarray, gallery: np.ndarray, asked: Catalog, shop: Catalog) -> Search:
    """Search by item and by category with embeddings (n, d) and (m, d) of the rows."""
    found = by_item_and_category(query, gallery, asked, shop)
    return Search(found, query, gallery, asked, shop)


def record(
    done: Search,
    results: str | Path,
    *,
    run: Run | None,
    data: str,
    device: str,
    embeddings: bool,
    extra: dict[str, object],
    **about: object,
) -> Path:
    """Write the record of a search, with what became of each query.

    **Arguments**: `run` - that trained, if one did; `data` - of the test; `device` - as `Run` takes
    it; `embeddings` - keep those, too; `extra` - what else is worth keeping; `about` - chapter,
    arm, scale and seed.

    **Returns** the path of the record.
    """
    shares = agreement(done.found.indices, done.asked, done.shop)
    extra = extra | {name: float(values.mean()) for name, values in shares.items()}
    about |= {"device": str(choose_device(device))}
    if run is not None:
        away = {"trained_on": run.data} if data != run.data else {}
        about = run.about(extra) | away | about
    else:
        about = about | {"extra": extra}
    made = records.new(done.found, **about | {"data": data})
    table = done.found.per_query
    shares |= {name: table[name].to_numpy() for name in AT if name in table}
    beside = records.beside(done.found, *([done.query, done.gallery] if embeddings else []))
    kept = PerQuery.of(done.found, _families(done.asked), shares)
    return records.write(made, results, **beside | {"per_query": kept})


def strangers(done: Search, absent: np.ndarray) -> dict[str, object]:
    """Whether the best similarity tells queries that have an answer from those that have none.

    **Arguments**: `absent` - embeddings (k, d) of photos of items that the shop does not have.

    **Returns** the ROC curve: `wrong` and `right`, shares of both that are answered at each of the
    similarities `cuts`, and the area under it, `auc`.
    """
    best = [(side @ done.gallery.T).max(1) for side in (done.query, absent)]
    there = np.repeat([1, 0], [len(side) for side in best])
    best = np.concatenate(best)
    wrong, right, cuts = roc_curve(there, best)
    area = float(roc_auc_score(there, best))
    return {"wrong": wrong, "right": right, "cuts": cuts, "auc": area}


def _families(rows: Catalog) -> np.ndarray | None:
    """Families of near-duplicates (n,); an item without one is a family of its own."""
    if (rows.family < 0).all():
        return None
    return np.where(rows.family < 0, rows.family.max() + 1 + rows.item, rows.family)
