"""Retrieval metrics of single queries; the evaluation averages them.

`relevant[q, i]` says whether the gallery picture at rank i + 1 shows the item of query q;
R is the number of relevant pictures in the whole gallery. A query with R = 0 scores 0.
"""

from collections.abc import Sequence

import numpy as np


def top_metrics(
    relevant: np.ndarray, n_relevant: np.ndarray, k: Sequence[int]
) -> dict[str, np.ndarray]:
    """Metrics that need only the top of each ranking.

    With P(i) the share of relevant pictures in the first i: hit@k is 1 if any of the first k is
    relevant (Recall@k in much of the field); precision@k = P(k); recall@k is the fraction of the R
    relevant pictures found; r_precision = P(R); map@r = 1/R times the sum of P(i) over relevant
    ranks i <= R (Musgrave et al., A Metric Learning Reality Check, 2020, section 3.2).

    **Arguments**

    - `relevant`: `(n, depth)` bool, depth at least `max(k)` and at least the largest R.
    - `n_relevant`: `(n,)` integers R.
    - `k`: cut-offs.

    **Returns** one float64 `(n,)` array for each metric name.
    """
    found = np.cumsum(relevant, axis=1, dtype=np.int32)  # (n, depth): relevant so far
    at_least_one = np.maximum(n_relevant, 1)
    metrics = {}
    for cut in k:
        hits = found[:, cut - 1]
        metrics[f"hit@{cut}"] = (hits > 0).astype(np.float64)
        metrics[f"precision@{cut}"] = hits / cut
        metrics[f"recall@{cut}"] = hits / at_least_one
    rank = np.arange(1, max(int(n_relevant.max()), 1) + 1)
    within = relevant[:, : len(rank)] & (rank <= n_relevant[:, None])  # (n, R_max)
    precision = found[:, : len(rank)] / rank
    metrics["map@r"] = (precision * within).sum(axis=1) / at_least_one
    metrics["r_precision"] = within.sum(axis=1) / at_least_one
    return metrics


def full_metrics(ranks: np.ndarray, n_relevant: np.ndarray) -> dict[str, np.ndarray]:
    """Metrics of the whole ranking: map (mean average precision) and mrr (reciprocal rank).

    **Arguments**

    - `ranks`: `(n, R_max)`, the ranks (from 1) of each query's relevant pictures in ascending
      order, padded with infinity.
    - `n_relevant`: `(n,)` integers R.

    **Returns** `map` and `mrr`, float64 `(n,)` each.
    """
    nth = np.arange(1, ranks.shape[1] + 1)
    # The j-th relevant picture at rank r has precision j / r; padding adds j / inf = 0.
    average_precision = (nth / ranks).sum(axis=1) / np.maximum(n_relevant, 1)
    return {"map": average_precision, "mrr": 1 / ranks[:, 0]}


def chance_hit(n_relevant: np.ndarray, n_candidates: np.ndarray, k: int) -> float:
    """Expected hit@k of a random ranking: 1 - C(m - R, k) / C(m, k), mean over queries.

    **Arguments**

    - `n_relevant`: `(n,)` R; `n_candidates`: `(n,)` gallery pictures m each query may find.
    - `k`: cut-off.
    """
    drawn = np.arange(k)
    left = np.maximum(n_candidates[:, None] - drawn, 1)  # (n, k) pictures left at each draw
    miss = np.clip((n_candidates - n_relevant)[:, None] - drawn, 0, None) / left
    return float(1 - miss.prod(axis=1).mean())
