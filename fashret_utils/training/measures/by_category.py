"""Searches judged by category and by single attributes, beside the very item."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fashret_utils.data.catalog import Catalog
from fashret_utils.retrieval import Retrieval, evaluate
from fashret_utils.retrieval.priorities import attribute_agreement_at_k, likelihood
from fashret_utils.training.drawing.quality import reader

ATTRIBUTES = {"category": "type", "colour": "colour", "sleeve": "sleeve"}  # and our word


def by_item_and_category(
    query: np.ndarray, gallery: np.ndarray, asked: Catalog, shop: Catalog, **how
) -> Retrieval:
    """Search by item, and beside it by category.

    **Arguments**: `query` (n, d), `gallery` (m, d) - embeddings of the rows `asked` and `shop`;
    further ones as of `retrieval.evaluate`.

    **Returns** the search by item with `category_precision@k` besides, k up to 15: the share of the
    first k pictures that are of the query's category, out of those that could be (Khaund et al.
    2019, Table 4; that a perfect ranking scores 1 is inferred).
    """
    cuts = [k for k in (1, 5, 10, 20) if k <= len(gallery)]
    found = evaluate(query, gallery, asked.item, shop.item, k=cuts, **how)
    k = range(1, min(15, len(gallery)) + 1)
    kinds = (asked.category, shop.category)
    wide = evaluate(query, gallery, *kinds, k=k, full_ranking=False, **how)
    names = {f"precision@{i}": f"category_precision@{i}" for i in k}
    metrics, intervals = (
        {new: values[old] for old, new in names.items()}
        for values in (wide.metrics, wide.intervals)
    )
    columns = wide.per_query[list(names)].rename(columns=names)
    return replace(
        found,
        metrics=found.metrics | metrics,
        intervals=found.intervals | intervals,
        per_query=found.per_query.join(columns),
    )


def agreement(
    indices: np.ndarray, asked: Catalog, shop: Catalog, k: int = 10
) -> dict[str, np.ndarray]:
    """Shares of the first k pictures that agree with a query in type, in colour, in sleeve.

    **Arguments**: `indices` (n, at least k) - rows of `shop` in order, for each row of `asked`.

    **Returns** "type_agreement@k", "colour_agreement@k", "sleeve_agreement@k", and the last two
    "..._in_type@k" (see `within_type`), (n,) each; nothing without these attributes.
    """
    names = [name for name in ATTRIBUTES if name in asked.attribute_names]
    if len(names) < len(ATTRIBUTES):
        return {}
    table = attribute_agreement_at_k(indices, asked, shop, names, k).fillna(0.0)
    found = {f"{ATTRIBUTES[n]}_agreement@{k}": table[n].to_numpy() for n in names}
    for name in ("colour", "sleeve"):
        found[f"{name}_in_type@{k}"] = within_type(indices, asked, shop, name, k)[0]
    return found


def within_type(
    indices: np.ndarray, asked: Catalog, shop: Catalog, attribute: str, k: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    """Share of the query's value of an attribute among the first k of its type, and by chance.

    Types have their colours and sleeves, so whoever finds the type agrees in them without having
    looked. A query without any such picture, or of unknown value, has the chance level: (n,) both.
    """
    columns = [asked.attribute_names.index(name) for name in ("category", attribute)]
    (kind, value), (kinds, values) = (c.attributes[:, columns].T for c in (asked, shop))
    alike = kinds[None] == kind[:, None]  # (n, m)
    same = alike & (values[None] == value[:, None]) & (value >= 0)[:, None]
    chance = same.sum(1) / np.maximum(alike.sum(1), 1)
    first = indices[:, :k]
    right = np.take_along_axis(alike, first, 1).sum(1)
    found = np.take_along_axis(same, first, 1).sum(1) / np.maximum(right, 1)
    return np.where(right > 0, found, chance), chance


def relatives(asked: Catalog, shop: Catalog) -> np.ndarray:
    """Pairs of a query and a shop picture of its product or its near family: (pairs, 2)."""
    family = (asked.family[:, None] == shop.family) & (shop.family >= 0)
    return np.argwhere(family | (asked.item[:, None] == shop.item))


def others(asked: Catalog, shop: Catalog, seed: int) -> np.ndarray:
    """As many pairs, of whole products of the query's category but of no near family."""
    rng, pairs = np.random.default_rng(seed), []
    out = relatives(asked, shop)
    for row in range(len(asked)):
        kin = out[out[:, 0] == row, 1]
        free = np.setdiff1d(np.flatnonzero(shop.category == asked.category[row]), kin)
        products = rng.permutation(np.unique(shop.item[free]))
        wanted = len(np.unique(shop.item[kin]))
        gone = free[np.isin(shop.item[free], products[:wanted])]
        pairs += [(row, place) for place in gone]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def likelihoods(
    asked_sight: np.ndarray, shop_sight: np.ndarray, shop: Catalog
) -> dict[str, np.ndarray]:
    """Read attributes off queries, as the shop's own pictures teach: our word -> P.

    **Arguments**: `asked_sight` (n, d), `shop_sight` (m, d) - features of queries and products.

    **Returns** the probability that a query has a product's value, (n, m) for each attribute.
    """
    found = {}
    for attribute, name in ATTRIBUTES.items():
        codes = shop.attributes[:, shop.attribute_names.index(attribute)]
        read_by = reader(shop_sight, codes)
        table = np.zeros((len(asked_sight), len(shop.attribute_values[attribute])))
        table[:, read_by.classes_] = read_by.predict_proba(asked_sight)
        found[name] = likelihood(table, codes)
    return found


def first_answers(indices: np.ndarray, asked: Catalog, shop: Catalog) -> dict[str, np.ndarray]:
    """Whether the first answer agrees with a query in an attribute, by our word: bool (n,)."""
    first, found = indices[:, 0], {}
    for attribute, name in ATTRIBUTES.items():
        place = shop.attribute_names.index(attribute)
        found[name] = shop.attributes[first, place] == asked.attributes[:, place]
    return found
