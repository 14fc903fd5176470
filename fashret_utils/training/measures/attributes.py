"""How well attributes are predicted, beside what the most frequent values get."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def attribute_scores(logits: Sequence[Tensor], codes: np.ndarray) -> dict[str, float]:
    """Accuracy of attributes, and of their most frequent values: means over attributes.

    **Arguments**: `logits` - M tensors (n, G_m); `codes` - int (n, M), -1 unknown, each attribute
    known at least once.

    **Returns** `attribute_accuracy`, `attribute_majority` (the share of the most frequent value),
    and with all values that occur counting alike `attribute_balanced` and
    `attribute_balanced_majority`.
    """
    rows = []
    for z, truth in zip(logits, torch.as_tensor(codes).long().unbind(1), strict=True):
        known = truth >= 0
        right, truth = (z.argmax(1) == truth)[known].double(), truth[known]
        counts = torch.bincount(truth, minlength=z.shape[1]).double()
        hits = torch.zeros_like(counts).index_add(0, truth, right)
        there = counts > 0
        recall = (hits[there] / counts[there]).mean()
        share = counts.max() / counts.sum()
        rows.append((right.mean(), share, recall, 1 / there.sum()))
    names = ("accuracy", "majority", "balanced", "balanced_majority")
    means = torch.tensor(rows, dtype=torch.float64).mean(0).tolist()
    return {f"attribute_{name}": mean for name, mean in zip(names, means, strict=True)}
