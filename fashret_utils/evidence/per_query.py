"""Per-query results: how each query of a run fared, in a few bytes a query."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fashret_utils.items import as_items

if TYPE_CHECKING:
    from fashret_utils.retrieval import Retrieval

NO_HIT, LAST_RANK = 0, 65535  # of `first_hit`
OWN = ("average_precision", "first_hit")
_ABOUT = ("item", "family")


@dataclass(frozen=True)
class PerQuery:
    """What became of each of n queries, as it is kept: shares as float16, ranks as uint16.

    **Arguments**

    - `average_precision`: (n,) from 0 to 1.
    - `first_hit`: (n,) rank of the first right picture, from 1; `NO_HIT` (0) without one. Ranks of
      `LAST_RANK` (65535) and more are kept as `LAST_RANK`.
    - `item`: (n,) integers or strings, what each query shows.
    - `family`: (n,) what is drawn together when items are drawn again: near-duplicates share one;
      by default the item.
    - `more`: further metrics that are shares, by name, (n,) each.

    **Raises** `ValueError` for lengths that differ, no queries, values that are not finite or not
    from 0 to 1, an item in two families, and names that are taken.
    """

    average_precision: np.ndarray
    first_hit: np.ndarray
    item: np.ndarray
    family: np.ndarray | None = None
    more: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if taken := {*OWN, *_ABOUT} & {*self.more}:
            raise ValueError(f"more may not be called {sorted(taken)}")
        shares = {"average_precision": self.average_precision, **self.more}
        shares = {name: np.asarray(values) for name, values in shares.items()}
        first, item = np.asarray(self.first_hit), as_items(self.item, "item")
        family = item if self.family is None else as_items(self.family, "family")
        _check_lengths({**shares, "first_hit": first, "item": item, "family": family})
        for name, values in shares.items():
            _check_shares(name, values)
        if first.dtype.kind not in "iu" or (first < NO_HIT).any():
            raise ValueError(f"first_hit must be whole ranks from 1, or {NO_HIT}: {first}")
        _check_families(item, family)
        kept = {
            "average_precision": shares["average_precision"].astype(np.float16),
            "first_hit": np.minimum(first, LAST_RANK).astype(np.uint16),
            "item": _smallest(item),
            "family": _smallest(family),
            "more": {name: shares[name].astype(np.float16) for name in self.more},
        }
        for name, value in kept.items():
            object.__setattr__(self, name, value)

    @classmethod
    def of(
        cls,
        retrieval: Retrieval,
        family: np.ndarray | None = None,
        more: Mapping[str, np.ndarray] | None = None,
    ) -> PerQuery:
        """Take from an evaluation what is kept of it.

        **Arguments**: `family` - (n_query,) of each query given to the evaluation; `more` - (n,)
        of each query scored.

        **Raises** `ValueError` when the evaluation did not rank the whole gallery.
        """
        table = retrieval.per_query
        if lacking := {"map", "mrr"} - set(table):
            raise ValueError(f"the evaluation lacks {sorted(lacking)}: pass full_ranking=True")
        reciprocal = table["mrr"].to_numpy()
        found = reciprocal > 0
        first = np.full(len(table), NO_HIT)
        first[found] = np.rint(1 / reciprocal[found])
        rows = table.index.to_numpy()
        return cls(
            average_precision=table["map"].to_numpy(),
            first_hit=first,
            item=np.asarray(retrieval.query_items)[rows],
            family=None if family is None else np.asarray(family)[rows],
            more=more or {},
        )

    def has(self, name: str) -> bool:
        """Whether `metric` knows the name."""
        return name in ("map", "mrr", *self.more) or bool(re.fullmatch(r"hit@[1-9]\d*", name))

    def metric(self, name: str) -> np.ndarray:
        """The values of one metric, float64 `(n,)`: `map`, `mrr`, `hit@k` or one of `more`.

        **Raises** `ValueError` for another name.
        """
        if name == "map":
            return self.average_precision.astype(np.float64)
        first = self.first_hit.astype(np.float64)
        if name == "mrr":
            return np.divide(1, first, out=np.zeros_like(first), where=first > NO_HIT)
        if found := re.fullmatch(r"hit@([1-9]\d*)", name):
            if (k := int(found[1])) >= LAST_RANK:
                raise ValueError(f"{name}: ranks are kept up to {LAST_RANK - 1}")
            return ((first > NO_HIT) & (first <= k)).astype(np.float64)
        if name in self.more:
            return self.more[name].astype(np.float64)
        known = ", ".join(["map", "mrr", "hit@k", *self.more])
        raise ValueError(f"no per-query values of {name!r}; there are {known}")


def _check_lengths(columns: Mapping[str, np.ndarray]) -> None:
    shapes = {name: values.shape for name, values in columns.items()}
    if len(set(shapes.values())) > 1 or len(shapes["item"]) != 1 or shapes["item"] == (0,):
        raise ValueError(f"expected one value a query, (n,) for every column: {shapes}")


def _check_shares(name: str, values: np.ndarray) -> None:
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
        raise ValueError(
            f"{name} must be shares from 0 to 1, found {values.min():.3g} to {values.max():.3g}"
        )


def _check_families(item: np.ndarray, family: np.ndarray) -> None:
    pairs = set(zip(item.tolist(), family.tolist(), strict=True))
    if len(pairs) != len(np.unique(item)):
        raise ValueError("an item is in two families; a family is a group of whole items")


def _smallest(values: np.ndarray) -> np.ndarray:
    """In the smallest type that holds the values, so that equal content has equal bytes."""
    if values.dtype.kind == "U":
        return values.astype(f"U{max(map(len, values.tolist()))}")
    for kind in (np.uint16, np.int16, np.uint32, np.int32):
        limits = np.iinfo(kind)
        if limits.min <= values.min() and values.max() <= limits.max:
            return values.astype(kind)
    return values.astype(np.int64)
