"""Classifiers beside retrieval: accuracies with intervals, paired tests, records of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from fashret_utils.evidence.records import Record, measured


def wilson(right: np.ndarray) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927), from right or wrong for each image, (n,) bool."""
    found = binomtest(int(right.sum()), len(right)).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def mcnemar(right: np.ndarray, other: np.ndarray) -> dict[str, float]:
    """Whether two classifiers differ on the same images (McNemar 1947, exact form).

    **Arguments**: right or wrong of both, (n,) bool.

    **Returns** `only first right`, `only second right` (images), and `p`, the probability of a
    split at least as uneven if both were equally good.
    """
    first, second = int((right & ~other).sum()), int((other & ~right).sum())
    p = binomtest(first, first + second).pvalue if first + second else 1.0
    return {"only first right": first, "only second right": second, "p": float(p)}


def mcnemar_table(right: Mapping[str, np.ndarray], first: str) -> pd.DataFrame:
    """One classifier against all others on the same images, a row each, as of `mcnemar`.

    **Arguments**: `right` - name -> right or wrong for each image, (n,) bool; `first` - the name.
    """
    others = [name for name in right if name != first]
    table = pd.DataFrame({name: mcnemar(right[first], right[name]) for name in others}).T
    return table.astype(dict.fromkeys(table.columns[:2], int))


def new(right: Mapping[str, np.ndarray], **about: object) -> Record:
    """Make the record of a classifier; `records.write` writes it.

    **Arguments**: `right` - name of a metric, such as "accuracy" -> right or wrong for each image
    it is measured on, (n,) bool; `about` - as in `records.measured`.
    """
    return measured(
        metrics={name: float(values.mean()) for name, values in right.items()},
        intervals={name: wilson(values) for name, values in right.items()},
        counts={f"n_{name}": len(values) for name, values in right.items()},
        **about,
    )
