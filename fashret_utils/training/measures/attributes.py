"""How much of the attributes is read off pictures: by a head, by a probe, or by a guess."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from fashret_utils.data.catalog import Catalog
from fashret_utils.retrieval.probes import linear_probes
from fashret_utils.training.beginnings import one_of_each


def share_right(said: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Share of right values of each attribute, (attributes,); NaN for one that nobody knows.

    **Arguments**: `said` - codes (n, attributes), or one row for all pictures; `truth` - (n,
    attributes), -1 where unknown.
    """
    right = said == truth
    known = truth >= 0
    with np.errstate(invalid="ignore"):
        return (right & known).sum(0) / known.sum(0)


def commonest(rows: Catalog) -> np.ndarray:
    """The commonest value of each attribute: codes (1, attributes)."""
    counts = [np.bincount(codes[codes >= 0], minlength=1) for codes in rows.attributes.T]
    return np.array([count.argmax() for count in counts])[None]


def read_by_probe(
    embed: Callable[[Catalog], np.ndarray], catalog: Catalog, asked: np.ndarray
) -> dict[str, float]:
    """Mean share of right values of the query pictures: by a linear probe, and by a guess.

    The probe learns from a street and a shop picture of each training item; the guess is the
    commonest value of training pictures.

    **Arguments**: `embed` - rows to embeddings; `asked` (n, d) - those of the query pictures.

    **Returns** `attributes_probe` and `attributes_usual`; empty without attributes.
    """
    if not catalog.attribute_names:
        return {}
    train, query = catalog.where(split="train"), catalog.where(split="query")
    some = one_of_each(train)
    probe = linear_probes(some, embed(some), query, asked)["probe"]
    usual = np.nanmean(share_right(commonest(train), query.attributes))
    return {"attributes_probe": probe, "attributes_usual": float(usual)}


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
