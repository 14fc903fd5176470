"""Records of numbers that the chapter counts itself, image by image or query by query."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fashret_utils.evidence import classification, records
from fashret_utils.evidence.per_query import PerQuery

TOGETHER = 10  # images of a file that are drawn again together


def write_classifier(right: Mapping[str, np.ndarray], results: str | Path, **about) -> Path:
    """Write the record of a classifier, with what became of each test image.

    **Arguments**: `right` - "val" and "test" -> right or wrong for each image, (n,) bool; `about`
    - as in `records.measured`.
    """
    named = {"accuracy": right["test"], "val_accuracy": right["val"]}
    test, image = right["test"], np.arange(len(right["test"]))
    more = {"accuracy": test.astype(float)}
    kept = PerQuery(test.astype(float), test.astype(int), image, image // TOGETHER, more)
    return records.write(classification.new(named, **about), results, per_query=kept)


def write_ranking(
    precision: np.ndarray,
    first: np.ndarray,
    item: np.ndarray,
    family: np.ndarray | None,
    results: str | Path,
    **about,
) -> dict[str, float]:
    """Write the record of a search that was ranked elsewhere.

    **Arguments**: `precision` (n,) - average precision of each query; `first` (n,) - rank of its
    first right picture; `item`, `family` (n,) - what the queries show; `about` - as in
    `records.measured`.

    **Returns** the metrics: `map` and hit@1, 5, 10, 20.
    """
    metrics = {"map": float(precision.mean())}
    metrics |= {f"hit@{k}": float((first <= k).mean()) for k in (1, 5, 10, 20)}
    counts = {"n_query": len(precision)}
    made = records.measured(metrics=metrics, intervals={}, counts=counts, **about)
    records.write(made, results, per_query=PerQuery(precision, first, item, family))
    return metrics
