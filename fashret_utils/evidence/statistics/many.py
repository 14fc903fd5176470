"""Many comparisons at once."""

from __future__ import annotations

import numpy as np


def holm(p: np.ndarray) -> np.ndarray:
    """Adjust p-values so that one of them falls below 5 % by chance in at most 5 % of chapters.

    Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    Statistics 6, 1979; valid whatever the comparisons have in common.

    **Arguments**: `p` - (n,), the p-values of all deciding comparisons of a chapter.

    **Returns** (n,) in the same order, at most 1.

    **Raises** `ValueError` for numbers that are no probabilities.
    """
    p = np.asarray(p, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"expected p-values from 0 to 1, (n,), found {p}")
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(steps, 1)
    return adjusted
