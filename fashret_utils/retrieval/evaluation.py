"""From embeddings to a measured ranking."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch

from fashret_utils.items import as_items, check_same_kind
from fashret_utils.retrieval.intervals import bootstrap_means, percentile_interval
from fashret_utils.retrieval.metrics import full_metrics, top_metrics
from fashret_utils.retrieval.neighbours import Gallery, as_rows, blocks, check_widths, normalised
from fashret_utils.retrieval.ranks import Relevance, relevant_ranks
from fashret_utils.retrieval.result import Retrieval
from fashret_utils.retrieval.rounding import warn_of_ties

_ABSENT = ("error", "skip", "zero")


def evaluate(
    query: np.ndarray,
    gallery: np.ndarray,
    query_items: np.ndarray,
    gallery_items: np.ndarray,
    k: int | Sequence[int] = (1, 5, 10, 20, 50),
    absent: str = "error",
    full_ranking: bool = True,
    exclude: Mapping[int, int | Sequence[int]] | np.ndarray | None = None,
    device: str | torch.device = "cpu",
    bootstrap: int = 1000,
    seed: int = 0,
) -> Retrieval:
    """Rank the gallery for every query by cosine and measure the rankings.

    Exact search; equal similarities count in gallery order. Means are over queries (micro). The
    95 % intervals are percentile bootstraps over queries: they say nothing of other seeds.

    **Arguments**

    - `query`, `gallery`: embeddings `(n, d)` and `(m, d)`; L2-normalised inside.
    - `query_items`, `gallery_items`: what each row shows, `(n,)` and `(m,)`: integers on both
      sides, or strings on both. They are compared exactly.
    - `k`: cut-offs of hit@k, precision@k and recall@k.
    - `absent`: what to do with queries whose item the gallery lacks: `"error"`, `"skip"` (leave
      them out, which raises the means) or `"zero"` (every metric 0, which lowers them).
    - `full_ranking`: also `map` and `mrr`, which need the rank of every relevant picture.
    - `exclude`: gallery rows a query must not find, such as itself: a mapping from query row to
      gallery row or rows, or an integer array `(pairs, 2)` of query row and gallery row.
    - `device`: `"cpu"` (faiss) or a CUDA device.
    - `bootstrap`: resamples, 0 for no intervals; `seed` of the resampling.

    **Returns** a `Retrieval`: metrics, intervals, per-query values, the ranking down to `max(k)`.

    **Warns** with the spread of similarities where ties within float32 rounding decide ranks.

    **Raises** `ValueError` for NaN or Inf, an empty query set, shapes or lengths that disagree, k
    above the number of gallery pictures, items absent from the gallery, unknown `absent`, and
    items that are floats, missing, or of unlike kinds, naming side and row.
    """
    query, gallery = as_rows(query, "query"), as_rows(gallery, "gallery")
    check_widths(query, gallery)
    query_items = _items(query_items, len(query), "query")
    gallery_items = _items(gallery_items, len(gallery), "gallery")
    check_same_kind(query_items, gallery_items)
    if absent not in _ABSENT:
        raise ValueError(f"absent = {absent!r}; expected one of {', '.join(_ABSENT)}")
    relevance = Relevance.of(query_items, gallery_items, _pairs(exclude, len(query), len(gallery)))
    k = _cutoffs(k, relevance)
    rows = _scored(query_items, relevance.n_relevant, absent)

    index, unit = Gallery.of(gallery, device), normalised(query[rows])
    warn_of_ties(index, unit, rows, relevance)
    depth = max(k[-1], int(relevance.n_relevant[rows].max()))
    parts = []
    for start, stop in blocks(len(rows), max(8 * depth, 2**10)):
        chunk = rows[start:stop]
        similarities, indices = relevance.nearest(index, unit[start:stop], chunk, depth)
        relevant = relevance.of_ranked(chunk, indices)  # (b, depth) bool
        n_relevant = relevance.n_relevant[chunk]
        values = top_metrics(relevant, n_relevant, k)
        if full_ranking:
            ranks = relevant_ranks(index, unit[start:stop], chunk, relevance, relevant, indices)
            values |= full_metrics(ranks, n_relevant)
        parts.append((similarities[:, : k[-1]], indices[:, : k[-1]], values))
    similarities, indices = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    per_query = pd.DataFrame(
        {name: np.concatenate([part[2][name] for part in parts]) for name in parts[0][2]},
        index=pd.Index(rows, name="query"),
    )
    intervals = {}
    if bootstrap:
        means = bootstrap_means(per_query.to_numpy(), bootstrap, seed)
        names = per_query.columns
        intervals = {name: percentile_interval(means[:, i]) for i, name in enumerate(names)}
    return Retrieval(
        metrics={name: float(value) for name, value in per_query.mean().items()},
        intervals=intervals,
        per_query=per_query,
        indices=indices,
        similarities=similarities,
        query_items=query_items,
        gallery_items=gallery_items,
        k=k,
        absent=absent,
        n_absent=int((relevance.n_relevant == 0).sum()),
        truth=relevance.first_relevant(rows),
        n_relevant=relevance.n_relevant[rows],
        n_candidates=relevance.n_candidates[rows],
        n_excluded=len(relevance.excluded),
        bootstrap=bootstrap,
    )


def _items(items, n: int, role: str) -> np.ndarray:
    if np.shape(items) != (n,):
        raise ValueError(
            f"{role}_items has shape {np.shape(items)} beside {n} {role} embeddings; "
            f"expected ({n},)"
        )
    return as_items(items, f"{role}_items")


def _pairs(exclude, n: int, m: int) -> np.ndarray:
    """The excluded pairs as distinct rows (query, gallery) of an int64 array `(pairs, 2)`."""
    if exclude is None:
        return np.empty((0, 2), dtype=np.int64)
    if isinstance(exclude, Mapping):
        exclude = [(q, g) for q, rows in exclude.items() for g in np.atleast_1d(rows)]
    pairs = np.asarray(exclude)
    if pairs.size == 0:
        return np.empty((0, 2), dtype=np.int64)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu":
        raise ValueError(
            f"exclude has shape {pairs.shape} and dtype {pairs.dtype}; expected integer pairs "
            "(query row, gallery row), shape (pairs, 2), or a mapping query row -> gallery rows"
        )
    outside = ((pairs < 0) | (pairs >= (n, m))).any(axis=1)
    if outside.any():
        raise ValueError(
            f"exclude names the pair {tuple(pairs[outside][0].tolist())}, but there are "
            f"{n} query and {m} gallery rows (counted from 0)"
        )
    return np.unique(pairs.astype(np.int64), axis=0)


def _cutoffs(k: int | Sequence[int], relevance: Relevance) -> tuple[int, ...]:
    cuts = np.unique(np.atleast_1d(k))
    if cuts.size == 0 or cuts.dtype.kind not in "iu" or cuts[0] < 1:
        raise ValueError(f"k = {k}; expected whole numbers of at least 1, e.g. (1, 5, 10)")
    fewest = int(relevance.n_candidates.min())
    if cuts[-1] > fewest:
        row = int(relevance.n_candidates.argmin())
        after = f" after exclusion (query row {row})" if len(relevance.excluded) else ""
        raise ValueError(
            f"k = {cuts[-1]} is larger than the gallery of {fewest} pictures{after}; "
            f"pass cut-offs up to {fewest}"
        )
    return tuple(cuts.tolist())


def _scored(query_items: np.ndarray, n_relevant: np.ndarray, absent: str) -> np.ndarray:
    """Rows of the queries that the means run over."""
    missing = np.flatnonzero(n_relevant == 0)
    if absent == "zero" or not len(missing):
        return np.arange(len(query_items))
    named = ", ".join(f"query row {row} (item {query_items[row]})" for row in missing[:3])
    if absent == "error":
        raise ValueError(
            f"{len(missing)} of {len(query_items)} queries have no picture of their item in the "
            f"gallery: {named}{', ...' if len(missing) > 3 else ''}. Pass absent='skip' to leave "
            "them out (raises the means) or absent='zero' to count them as misses (lowers them)"
        )
    if len(missing) == len(query_items):
        raise ValueError(
            f"absent='skip' leaves no query: the gallery shows none of the query items ({named})"
        )
    return np.flatnonzero(n_relevant)
