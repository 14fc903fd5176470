"""Search with priorities: let chosen attributes weigh more than the rest of the picture.

PoshakNet's second kind of failure is a type that is matched and a colour that is ignored; its
authors ask for attribute priorities at search time and leave them for the future. This is one way
to do it, ours. A query's attributes are known as probabilities, from whatever classifier read them;
a shop knows those of its products.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fashret_utils.data.catalog import Catalog
from fashret_utils.retrieval.neighbours import as_rows, check_widths, normalised


def likelihood(probabilities: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Probability that a query has the value that a product has.

    **Arguments**: `probabilities`: (n, V), a query's probability of each value; `codes`: int (m,),
    the products' values, -1 unknown.

    **Returns** (n, m) float64; 0 where a product's value is not known.

    **Raises** `ValueError` for a code that has no column.
    """
    probabilities, codes = np.asarray(probabilities, np.float64), np.asarray(codes)
    if probabilities.ndim != 2 or codes.max(initial=-1) >= probabilities.shape[1]:
        raise ValueError(
            f"a product has value {codes.max(initial=-1)}, but probabilities have shape "
            f"{probabilities.shape}; expected (queries, values), a column for each value"
        )
    return np.where(codes >= 0, probabilities[:, codes], 0.0)


def lexicographic(order: Sequence[str], strength: float = 4.0, ratio: float = 4.0) -> dict:
    """Weights by which an attribute outweighs those after it: ("colour", "type") is colour first.

    **Arguments**: `order`: attributes, the most important first; `strength`: weight of the first;
    `ratio`: by which each further weight is smaller. Where the values are certain, the order is
    strict for a ratio of at least 2 and a strength above 2 * ratio ** (attributes - 1): a cosine
    ranges over 2.

    **Returns** attribute -> weight. **Raises** `ValueError` for an attribute named twice, or
    numbers that are not above 0.
    """
    if len(set(order)) < len(order):
        raise ValueError(f"each attribute has one place in the order, not {tuple(order)}")
    if strength <= 0 or ratio <= 0:
        raise ValueError(f"strength and ratio are numbers above 0, not {strength} and {ratio}")
    return {name: strength / ratio**place for place, name in enumerate(order)}


def weighted_distance(
    query: np.ndarray,
    gallery: np.ndarray,
    likelihoods: Mapping[str, np.ndarray],
    weights: Mapping[str, float],
) -> np.ndarray:
    """d(q, g) = 1 - cos(q, g) + sum over attributes a of w_a (1 - P(a(q) = a(g))).

    **Arguments**: `query`, `gallery`: embeddings (n, d) and (m, d), normalised inside;
    `likelihoods`: attribute -> (n, m) as from `likelihood`; `weights`: attribute -> w_a >= 0, none
    for the plain distance.

    **Returns** (n, m) float64.

    **Raises** `ValueError` for NaN or Inf, a negative weight, an attribute without likelihoods, or
    likelihoods of another shape.
    """
    query, gallery = as_rows(query, "query"), as_rows(gallery, "gallery")
    check_widths(query, gallery)
    distance = 1.0 - (normalised(query) @ normalised(gallery).T).astype(np.float64)  # (n, m)
    for name, weight in weights.items():
        if name not in likelihoods:
            raise ValueError(f"no likelihood of {name!r}: there are {', '.join(likelihoods)}")
        if not 0 <= weight < np.inf:
            raise ValueError(f"the weight of {name!r} is {weight}; expected a number >= 0")
        if likelihoods[name].shape != distance.shape:
            raise ValueError(
                f"the likelihood of {name!r} has shape {likelihoods[name].shape}; expected "
                f"(queries, products) = {distance.shape}"
            )
        distance += weight * (1.0 - likelihoods[name])
    return distance


def ranking(distance: np.ndarray, k: int) -> np.ndarray:
    """The k nearest, int64 (n, k); equal distances in gallery order.

    **Raises** `ValueError` for k outside 1 to the number of products.
    """
    if not 1 <= k <= distance.shape[1]:
        raise ValueError(f"k = {k}; expected 1 to {distance.shape[1]}, the size of the gallery")
    return np.argsort(distance, axis=1, kind="stable")[:, :k]


def attribute_agreement_at_k(
    indices: np.ndarray, query: Catalog, gallery: Catalog, attributes: Sequence[str], k: int = 10
) -> pd.DataFrame:
    """Whether the first k products have the query's value of each attribute.

    **Arguments**: `indices`: int (n, k or more), gallery rows by rank; `query`, `gallery`: their
    catalogues, n and m rows.

    **Returns** a row a query, a column an attribute: the share of the first k with the query's
    value; NaN where the query's is not known. A product of unknown value does not agree. The mean
    over queries is the attribute-agreement@k.

    **Raises** `ValueError` for an attribute that the catalogues lack, or fewer than k ranks.
    """
    if indices.ndim != 2 or indices.shape[0] != len(query) or not 1 <= k <= indices.shape[1]:
        raise ValueError(
            f"a ranking of shape {indices.shape} for {len(query)} queries and k = {k}; expected "
            "(queries, at least k)"
        )
    names = query.attribute_names
    absent = [name for name in attributes if name not in names]
    if absent or names != gallery.attribute_names:
        raise ValueError(
            f"no attribute {absent[0]!r}: there are {', '.join(names)}"
            if absent
            else "query and gallery have different attributes"
        )
    found = {}
    for name in attributes:
        wanted, shown = (c.attributes[:, names.index(name)] for c in (query, gallery))
        share = (shown[indices[:, :k]] == wanted[:, None]).mean(axis=1)
        found[name] = np.where(wanted >= 0, share, np.nan)
    return pd.DataFrame(found)
