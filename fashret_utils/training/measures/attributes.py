"""How much of the attributes is read off pictures: by a head, by a probe, or by a guess."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

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
