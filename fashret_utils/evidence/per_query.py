"""Per-query results: how each query of a run fared, small enough to be kept for every run.

Beside the record `<scale>-seed<k>.json` lies `<scale>-seed<k>.queries.npz`, which NumPy opens by
itself:

- `average_precision` float16 (n,),
- `first_hit` uint16 (n,): rank of the first right picture, from 1; 0 where there is none, 65535
  for that rank and every later one,
- further float16 columns, such as `category_precision@10`.

What the queries show is the same for all arms and seeds on one data set, so it is kept once, as
`<results>/queries/<data>-<checksum>.npz` with `item` and `family` (n,); the record names that file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fashret_utils.atomic import ResultsError, checksum, replacing

if TYPE_CHECKING:
    from fashret_utils.retrieval import Retrieval

NO_HIT, LAST_RANK = 0, 65535  # of `first_hit`
OWN = ("average_precision", "first_hit")


@dataclass(frozen=True)
class PerQuery:
    """What became of each of n queries.

    **Arguments**: `average_precision` - (n,) from 0 to 1; `first_hit` - (n,) rank of the first
    right picture, from 1, `NO_HIT` without one; `item` - (n,) integers or strings, what each query
    shows; `family` - (n,) what is drawn together when items are drawn again: near-duplicates have
    one family; by default the item; `more` - further metrics by name, (n,) each.

    **Raises** `ValueError` for lengths that differ, no queries, numbers that are not finite or not
    from 0 to 1, an item in two families, and names that are taken.
    """

    average_precision: np.ndarray
    first_hit: np.ndarray
    item: np.ndarray
    family: np.ndarray | None = None
    more: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        first = np.asarray(self.first_hit)
        if first.dtype.kind not in "iu" or (first < NO_HIT).any():
            raise ValueError(
                f"first_hit must be ranks from 1 (or {NO_HIT}), whole numbers: {first}"
            )
        shares = {"average_precision": self.average_precision, **self.more}
        if taken := {*OWN, "item", "family"} & {*self.more}:
            raise ValueError(f"more may not be called {sorted(taken)}")
        shares = {name: np.asarray(values) for name, values in shares.items()}
        for name, values in shares.items():
            if (
                not np.isfinite(values).all()
                or values.min(initial=0) < 0
                or values.max(initial=0) > 1
            ):
                raise ValueError(f"{name} must be shares from 0 to 1, found {_span(values)}")
        item = np.asarray(self.item)
        family = item if self.family is None else np.asarray(self.family)
        shapes = {name: values.shape for name, values in shares.items()}
        shapes |= {"first_hit": first.shape, "item": item.shape, "family": family.shape}
        if len(set(shapes.values())) > 1 or item.ndim != 1 or not len(item):
            raise ValueError(f"expected one number a query, (n,) for every column: {shapes}")
        for name, values in (("item", item), ("family", family)):
            if values.dtype.kind not in "iuU":
                raise ValueError(f"{name} must be integers or strings, not {values.dtype}")
        pairs = len(set(zip(item.tolist(), family.tolist(), strict=True)))
        if pairs != len(set(item.tolist())):
            raise ValueError("an item is in two families; a family is a group of whole items")
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
        first = np.zeros(len(table), dtype=np.int64)
        first[found] = np.rint(1 / reciprocal[found])
        rows = table.index.to_numpy()
        return cls(
            average_precision=table["map"].to_numpy(),
            first_hit=first,
            item=np.asarray(retrieval.query_items)[rows],
            family=None if family is None else np.asarray(family)[rows],
            more=more or {},
        )

    def metric(self, name: str) -> np.ndarray:
        """The values of one metric, float64 `(n,)`: `map`, `mrr`, `hit@k` or one of `more`.

        **Raises** `ValueError` for another name.
        """
        if name == "map":
            return self.average_precision.astype(np.float64)
        first = self.first_hit.astype(np.float64)
        if name == "mrr":
            return np.divide(1, first, out=np.zeros_like(first), where=first > 0)
        if found := re.fullmatch(r"hit@([1-9]\d*)", name):
            if (k := int(found[1])) >= LAST_RANK:
                raise ValueError(f"{name}: ranks are kept up to {LAST_RANK - 1}")
            return ((first > 0) & (first <= k)).astype(np.float64)
        if name in self.more:
            return self.more[name].astype(np.float64)
        known = ", ".join(["map", "mrr", "hit@k", *self.more])
        raise ValueError(f"no per-query values of {name!r}; there are {known}")


def write(found: PerQuery, record: Path, results: str | Path, data: str) -> dict[str, object]:
    """Write per-query results beside the record whose file is `record`.

    **Arguments**: `results` - folder of all records; `data` - name of the data set.

    **Returns** what the record keeps to find and check them: `n`, `queries` (the file of items and
    families, relative to `results`), `crc32` of what this run found.
    """
    shown = {"item": found.item, "family": found.family}
    name = f"queries/{data}-{checksum(shown):08x}.npz"
    if not (Path(results) / name).is_file():
        _save(Path(results) / name, shown)
    columns = {kind: getattr(found, kind) for kind in OWN} | dict(found.more)
    _save(path_of(record), columns)
    return {"n": len(found.item), "queries": name, "crc32": checksum(columns)}


def read(kept: Mapping[str, object], record: Path, results: str | Path) -> PerQuery:
    """Read the per-query results of a record.

    **Arguments**: `kept` - what `write` returned; `record` - the record's file.

    **Raises** `FileNotFoundError` naming the file that is missing, `ResultsError` when a file is
    another run's.
    """
    columns = _load(path_of(record))
    if checksum(columns) != kept["crc32"]:
        raise ResultsError(
            f"{path_of(record)} is not what its record describes: a run was stopped while it wrote "
            "them. Run the chapter again"
        )
    shown = _queries(Path(results) / str(kept["queries"]))
    return PerQuery(
        **{name: columns.pop(name) for name in OWN},
        item=shown["item"],
        family=shown["family"],
        more=columns,
    )


def path_of(record: Path) -> Path:
    """The file of per-query results beside a record's."""
    return record.with_suffix(".queries.npz")


@lru_cache(maxsize=32)
def _queries(path: Path) -> dict[str, np.ndarray]:
    """Items and families of a data set's queries; hundreds of records share them."""
    shown = _load(path)
    if f"-{checksum(shown):08x}.npz" != path.name[-13:]:
        raise ResultsError(f"{path} is damaged: its content has another checksum than its name")
    for values in shown.values():
        values.setflags(write=False)
    return shown


def _save(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)


def _load(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise FileNotFoundError(f"no per-query results at {path}: run the chapter again")
    with np.load(path) as file:
        return dict(file)


def _smallest(values: np.ndarray) -> np.ndarray:
    """Whole numbers in the smallest type that holds them, so that equal content has equal bytes."""
    if values.dtype.kind == "U":
        return values.astype(np.str_(max(values, key=len)).dtype)
    for kind in (np.uint16, np.int16, np.uint32, np.int32):
        limits = np.iinfo(kind)
        if limits.min <= values.min() and values.max() <= limits.max:
            return values.astype(kind)
    return values.astype(np.int64)


def _span(values: np.ndarray) -> str:
    return f"{np.min(values):.3g} to {np.max(values):.3g}"
