"""Classifiers beside retrieval: accuracies with intervals, paired tests, records of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
from scipy.stats import binomtest

from fashret_utils import provenance
from fashret_utils.records import Record
from fashret_utils.scale import Scale, machine


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


def new(
    right: Mapping[str, np.ndarray],
    *,
    chapter: str,
    data: str,
    arm: str,
    scale: str | Scale,
    seed: int,
    device: str = "cpu",
    curve: Mapping[str, list[float]] | None = None,
    extra: Mapping[str, object] | None = None,
) -> Record:
    """Make the record of a classifier; `records.write` writes it.

    **Arguments**: `right` - name of a metric, such as "accuracy" -> right or wrong for each image
    it is measured on, (n,) bool; the others as in `records.new`.
    """
    return Record(
        chapter=chapter,
        data=data,
        arm=arm,
        scale=Scale(str(scale)).name,
        seed=int(seed),
        metrics={name: float(values.mean()) for name, values in right.items()},
        intervals={name: wilson(values) for name, values in right.items()},
        counts={f"n_{name}": len(values) for name, values in right.items()},
        curve=dict(curve or {}),
        extra=dict(extra or {}),
        code_hash=provenance.code_hash(chapter, data),
        versions=provenance.versions(),
        machine=machine(device),
        time=datetime.now(UTC).isoformat(timespec="seconds"),
    )
