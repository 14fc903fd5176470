"""One table for all data: every data set becomes a `Catalog`, a row a picture."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from functools import cached_property

import numpy as np
import pandas as pd

from fashret_utils.data.cache import RowStore, fill, store_key
from fashret_utils.data.columns import COLUMNS, DOMAINS, PROTOCOLS, SPLITS, STREET, code_columns
from fashret_utils.items import as_items

Reader = Callable[["Catalog", np.ndarray, int], np.ndarray]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Catalog:
    """A validated table of pictures: which item, which domain, which split, and how to make pixels.

    Columns have one entry a picture (n rows) and are read-only.

    - `name`: the data set. `licence`: of its pictures.
    - `item`: int64 (n,), the product; `family`: int64 (n,), groups of near-duplicates, -1 none.
    - `domain`: int8 (n,), `STREET` or `SHOP`.
    - `split`: str (n,), "train", "val", "query" or "gallery"; query and gallery are the test set.
      Rows of "val" are queries where street, gallery where shop.
    - `category`, `view`, `source`: str (n,); `source` is a path, archive member or generator key.
    - `attributes`: int16 (n, A), -1 unknown; `attribute_names`: A names; `attribute_values`: the
      names of an attribute's codes; `attribute_parents`: attribute -> {value: group}.
    - `box`: float32 (n, 4), x1 y1 x2 y2 in pixels of the source, -1 none.
    - `reader(catalog, rows, size)`: uint8 (len(rows), 3, size, size). It must make each row from
      that row's columns alone. Optional attributes of a reader: `identity` (str: names and
      parameters that decide the pixels; without it nothing is cached on disk, unless the reader is
      a plain module-level function), `parallel` ("threads" or "processes": how several workers may
      call it) and `fingerprint(catalog)` (str: state of the files behind it). A reader that wraps
      another passes on its identity and fingerprint (`identity_of`, `fingerprint_of`).
    - `protocol`: "open-set" (no item occurs in two of train, val, test) or "closed-set" (items are
      shared by design; street pictures are not).

    **Raises** `ValueError` naming the column and the row that is wrong.
    """

    name: str
    item: np.ndarray
    domain: np.ndarray
    split: np.ndarray
    category: np.ndarray
    source: np.ndarray
    reader: Reader
    licence: str
    view: np.ndarray | None = None
    attributes: np.ndarray | None = None
    attribute_names: tuple[str, ...] = ()
    attribute_values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    attribute_parents: dict[str, dict[str, str]] = field(default_factory=dict)
    box: np.ndarray | None = None
    family: np.ndarray | None = None
    protocol: str = "open-set"
    # A subset remembers the catalogue it was cut from and its row numbers there, so that all
    # subsets share one set of cached pixels.
    _root: Catalog | None = field(default=None, init=False)
    _rows: np.ndarray | None = field(default=None, init=False)

    def __post_init__(self):
        _check_protocol(self.protocol)
        columns = code_columns(self)
        for column in columns.values():
            column.flags.writeable = False
        self.__dict__.update(columns, _stores={})
        _check_splits(self)

    def __len__(self) -> int:
        return len(self.item)

    def __repr__(self) -> str:
        return (
            f"Catalog {self.name!r}: {len(self):,} pictures of {self.n_items:,} items, "
            f"{len(np.unique(self.category))} categories, {self.protocol}"
        )

    def __getstate__(self) -> dict:
        return {k: v for k, v in vars(self).items() if k != "_stores"}  # memory maps stay behind

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state, _stores={})

    @property
    def n_items(self) -> int:
        """Number of distinct items."""
        return len(np.unique(self.item))

    @cached_property
    def hash(self) -> str:
        """Content hash over the columns and the reader's identity, equal in every process."""
        digest = hashlib.blake2b(digest_size=16)
        parts = [self.name, self.licence, self.protocol, identity_of(self.reader)[0]]
        parts += [repr(self.attribute_names), repr(sorted(self.attribute_values.items()))]
        parts += [repr(sorted((k, sorted(v.items())) for k, v in self.attribute_parents.items()))]
        for name in (*COLUMNS, "attributes", "box"):
            column = getattr(self, name)
            text = column.dtype.kind == "U"
            parts += [name, "\0".join(column.tolist()) if text else column.tobytes()]
        for part in parts:
            data = part.encode(errors="surrogatepass") if isinstance(part, str) else part
            digest.update(len(data).to_bytes(8, "little") + data)
        return digest.hexdigest()

    def where(self, **conditions) -> Catalog:
        """Rows for which every condition holds: `where(split="query", category=("dress", "coat"))`.

        **Arguments**: a column (item, domain, split, category, view, source, family) or an
        attribute's name, and a value or several; domains and attribute values by name or code.

        **Raises** `ValueError` for an unknown column, split, domain or attribute value, and for
        items that are no whole numbers.
        """
        keep = np.ones(len(self), dtype=bool)
        for name, wanted in conditions.items():
            scalar = isinstance(wanted, str) or not isinstance(wanted, Iterable)
            column, values = self._lookup(name, [wanted] if scalar else list(wanted))
            keep &= pd.Series(column).isin(values).to_numpy()
        return self.take(np.flatnonzero(keep))

    def _lookup(self, name: str, values: list) -> tuple[np.ndarray, list]:
        if name in COLUMNS:
            column = getattr(self, name)
            names = {"domain": DOMAINS, "split": SPLITS}.get(name)
            if name in ("item", "family"):
                values = as_items(values, f"where({name}=...)", text=False).tolist()
        elif name in self.attribute_names:
            column = self.attributes[:, self.attribute_names.index(name)]
            names = self.attribute_values.get(name, ())
        else:
            known = ", ".join((*COLUMNS, *self.attribute_names))
            raise ValueError(
                f"no column or attribute {name!r} in {self.name!r}; there are: {known}"
            )
        if names is not None:
            unknown = [v for v in values if isinstance(v, str) and v not in names]
            if unknown:
                raise ValueError(f"{name} has no value {unknown[0]!r}; expected one of {names}")
            if column.dtype.kind != "U":
                values = [names.index(v) if isinstance(v, str) else v for v in values]
        return column, values

    def take(self, rows: np.ndarray) -> Catalog:
        """The rows with these numbers (or where a boolean mask is true), in this order.

        **Raises** `IndexError` for a row outside the catalogue.
        """
        rows = np.asarray(rows)
        if rows.dtype == bool:
            if rows.shape != (len(self),):
                raise IndexError(f"a mask needs shape ({len(self)},), not {rows.shape}")
            rows = np.flatnonzero(rows)
        rows = rows.astype(np.int64, casting="same_kind") if rows.size else np.zeros(0, np.int64)
        if rows.ndim != 1 or (rows.size and not -len(self) <= rows.min() <= rows.max() < len(self)):
            raise IndexError(f"rows must be a list of row numbers below {len(self)}")
        return self._subset(rows, root=True)

    def _subset(self, rows: np.ndarray, root: bool) -> Catalog:
        rows = np.where(rows < 0, rows + len(self), rows)
        subset = object.__new__(Catalog)  # rows of a valid catalogue are valid
        subset.__dict__.update({f.name: getattr(self, f.name) for f in fields(self)}, _stores={})
        for name in (*COLUMNS, "attributes", "box"):
            column = getattr(self, name)[rows]
            column.flags.writeable = False
            subset.__dict__[name] = column
        subset.__dict__["_root"] = (self if self._root is None else self._root) if root else None
        rows = rows if self._rows is None else self._rows[rows]
        subset.__dict__["_rows"] = rows if root else None
        return subset

    def summary(self) -> pd.DataFrame:
        """Pictures, items and categories for each split and domain.

        `seen_in_train` counts the items that also occur in the training split: 0 for an open-set
        protocol, and the reader is told so by `summary().attrs["protocol"]`.
        """
        table = pd.DataFrame(
            {
                "split": pd.Categorical(self.split, SPLITS),
                "domain": pd.Categorical.from_codes(self.domain, DOMAINS),
                "items": self.item,
                "categories": self.category,
            }
        )
        train = np.unique(self.item[self.split == "train"])
        table["seen_in_train"] = table["items"].where(table["items"].isin(train))
        groups = table.groupby(["split", "domain"], observed=True)
        summary = groups.nunique()
        summary.insert(0, "pictures", groups.size())
        summary.attrs["protocol"] = self.protocol
        return summary

    def pixels(self, size: int, *, workers: int | None = None) -> np.ndarray:
        """The pictures: uint8 (n, 3, size, size).

        They are made once and kept in the cache folder (`fashret_utils.cache`), shared by all
        subsets of a catalogue. Consecutive rows come back as a read-only memory map, others as a
        copy. **Arguments**: `workers`: threads or processes for reading, default one a core.
        """
        array, rows = self.stored_pixels(size, workers=workers)
        if len(rows) and np.array_equal(rows, np.arange(rows[0], rows[0] + len(rows))):
            return array[rows[0] : rows[0] + len(rows)]
        return array[rows]

    def stored_pixels(
        self, size: int, *, workers: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The memory map behind `pixels`, and which of its rows are this catalogue's.

        **Returns** uint8 (N, 3, size, size) of the whole catalogue, where only the rows in the
        second value, int64 (n,), are filled for certain. For gathering without a copy in memory.
        """
        if not isinstance(size, (int, np.integer)) or size < 1:
            raise ValueError(f"size is a number of pixels >= 1, not {size!r}")
        root, rows = self.root, self.root_rows
        store = root.store("pixels", str(size), (3, int(size), int(size)), np.uint8)
        fill(store, root, np.unique(rows), workers)
        return store.array, rows

    @property
    def root(self) -> Catalog:
        """The catalogue that this one was cut from, itself where it was not cut."""
        return self if self._root is None else self._root

    @property
    def root_rows(self) -> np.ndarray:
        """Row numbers in `root` of this catalogue's rows: int64 (n,)."""
        return np.arange(len(self)) if self._rows is None else self._rows

    def store(
        self, folder: str, name: str, shape: tuple[int, ...], dtype: type[np.generic]
    ) -> RowStore:
        """What is kept about this catalogue's pictures under a name, a row a picture, in the cache.

        **Arguments**: `folder`: of the cache folder; `name`: what decides the rows, beside the
        pictures; `shape`, `dtype`: of a row.
        """
        if (folder, name) not in self._stores:
            identity, cacheable = identity_of(self.reader)
            key = store_key(self.name, self.hash, identity, fingerprint_of(self.reader, self))
            path = f"{folder}/{key}-{name}.v1" if cacheable else None
            self._stores[folder, name] = RowStore(path, len(self), shape, dtype)
        return self._stores[folder, name]


def identity_of(reader: Reader) -> tuple[str, bool]:
    """What decides a reader's pixels, and whether that is enough to cache them across processes."""
    if hasattr(reader, "identity"):
        return str(reader.identity), True
    name = getattr(reader, "__qualname__", type(reader).__qualname__)
    plain = hasattr(reader, "__code__") and "<" not in name and not hasattr(reader, "__self__")
    return f"{getattr(reader, '__module__', '')}.{name}", plain


def fingerprint_of(reader: Reader, catalog: Catalog) -> str:
    """The state of the files behind a reader; a reader that wraps another passes this on."""
    return getattr(reader, "fingerprint", lambda catalog: "")(catalog)


def _check_protocol(protocol: str) -> None:
    if protocol not in PROTOCOLS:
        raise ValueError(f"protocol must be one of {PROTOCOLS}, not {protocol!r}")


def _check_splits(catalog: Catalog) -> None:
    """No item (open-set) and no street picture (closed-set) in two of train, val and test."""
    part = np.full(len(catalog), 2, dtype=np.int8)  # query and gallery: test
    part[catalog.split == "train"] = 0
    part[catalog.split == "val"] = 1
    open_set = catalog.protocol == "open-set"
    rows = np.arange(len(catalog)) if open_set else np.flatnonzero(catalog.domain == STREET)
    column = "item" if open_set else "source"
    key, names = pd.factorize(getattr(catalog, column)[rows])
    parts = np.zeros((len(names), 3), dtype=bool)
    parts[key, part[rows]] = True
    shared = parts.sum(axis=1) > 1
    if not shared.any():
        return
    first = int(np.argmax(shared))
    where = [int(rows[(key == first) & (part[rows] == p)][0]) for p in range(3) if parts[first, p]]
    message = (
        f"column {column!r}: {str(names[first])!r} is in "
        f"{catalog.split[where[0]]} (row {where[0]}) and in {catalog.split[where[1]]} "
        f"(row {where[1]}); {int(shared.sum())} such in all. "
    )
    if open_set:
        message += (
            "An item belongs to one of train, val and test (query + gallery); if this data set "
            'tests the items it trains on by design, say protocol="closed-set".'
        )
    else:
        message += "Street pictures of different splits must be different pictures."
    raise ValueError(message)
