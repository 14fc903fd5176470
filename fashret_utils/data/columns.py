"""The words and columns of a catalogue, and their checks.

Each error names the column and the first row that is wrong.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from fashret_utils.items import as_items, refuse_rows

STREET, SHOP = 0, 1
DOMAINS = ("street", "shop")
SPLITS = ("train", "val", "query", "gallery")
PROTOCOLS = ("open-set", "closed-set")
COLUMNS = ("item", "domain", "split", "category", "view", "source", "family")


def code_columns(catalog: Any) -> dict[str, np.ndarray]:
    """All columns of a catalogue in their final types.

    **Arguments**: `catalog` - a `Catalog` as it was written down, its columns of any kind.

    **Returns** column name -> array, lengths checked.

    **Raises** `ValueError` naming the column and the row.
    """
    n = len(np.asarray(catalog.item))
    blank = np.full(n, "", dtype="<U1")
    names = tuple(catalog.attribute_names)
    family = _items("family", _default(catalog.family, n, ()))
    columns = {
        "item": integer_column("item", _items("item", catalog.item), n, np.int64, 0),
        "domain": integer_column("domain", catalog.domain, n, np.int8, 0, 1),
        "family": integer_column("family", family, n, np.int64, -1),
        "attributes": _attributes(catalog, names, n),
        "box": _boxes(_default(catalog.box, n, (4,)), n),
    }
    for name in ("split", "category", "source"):
        columns[name] = text_column(name, getattr(catalog, name), n)
    columns["view"] = blank if catalog.view is None else text_column("view", catalog.view, n)
    known = np.zeros(n, dtype=bool)
    for split in SPLITS:
        known |= columns["split"] == split
    _refuse("split", ~known, columns["split"], f"expected one of {SPLITS}")
    return columns


def _items(name: str, values: Any) -> np.ndarray:
    return as_items(values, f"column {name!r}", text=False)


def integer_column(name, values, n, dtype, low, high=None) -> np.ndarray:
    """`values` as whole numbers (n,) of `dtype` within low..high."""
    values = _sized(name, np.asarray(values), n, (n,))
    return _integers(name, values, dtype, low, high)


def text_column(name, values, n) -> np.ndarray:
    """`values` as text (n,), no entry missing."""
    if not isinstance(values, np.ndarray) or values.dtype.kind != "U":
        values = _sized(name, np.asarray(values, dtype=object), n, (n,))
        if n and pd.api.types.infer_dtype(values, skipna=False) != "string":
            wrong = np.array([not isinstance(v, str) for v in values])
            _refuse(name, wrong, values, "expected text")
        values = values.astype(str)
    return _sized(name, values, n, (n,)).view()


def _integers(name, values, dtype, low, high=None) -> np.ndarray:
    if values.size == 0:
        return np.zeros(values.shape, dtype=dtype)
    if values.dtype.kind not in "iub":
        numbers = pd.to_numeric(pd.Series(values.ravel()), errors="coerce").to_numpy(float)
        wrong = ~(numbers == np.floor(numbers))  # not a number, or a fraction
        _refuse(name, wrong.reshape(values.shape), values, "expected a whole number")
        values = numbers.reshape(values.shape)
    high = np.iinfo(dtype).max if high is None else high
    wrong = (values < low) | (values > high)
    _refuse(name, wrong, values, f"expected {low} to {high}")
    return values.astype(dtype).view()


def _attributes(catalog: Any, names: tuple[str, ...], n: int) -> np.ndarray:
    values = np.asarray(_default(catalog.attributes, n, (0,)))
    if values.shape != (n, len(names)):
        raise ValueError(
            f"column 'attributes' has shape {values.shape}, expected ({n}, {len(names)}): one row "
            f"a picture, one column for each of attribute_names {names}"
        )
    if len(set(names)) < len(names):
        raise ValueError(f"attribute_names must differ from one another: {names}")
    for what in ("attribute_values", "attribute_parents"):
        stray = set(getattr(catalog, what)) - set(names)
        if stray:
            raise ValueError(f"{what} names unknown attributes {sorted(stray)}; there are {names}")
    values = _integers("attributes", values, np.int16, -1)
    for a, name in enumerate(names):
        known = catalog.attribute_values.get(name)
        if known is not None:
            hint = f"expected -1 or a code below {len(known)} of attribute {name!r}"
            _refuse("attributes", values[:, a] >= len(known), values[:, a], hint)
        orphans = set(known or ()) - set(catalog.attribute_parents.get(name, known or ()))
        if orphans:
            raise ValueError(f"attribute_parents[{name!r}] lacks a group for {sorted(orphans)}")
    return values


def _boxes(values, n: int) -> np.ndarray:
    values = _sized("box", np.asarray(values, dtype=np.float32), n, (n, 4))
    none = (values == -1).all(axis=1)
    x1, y1, x2, y2 = values.T
    good = (x1 >= 0) & (y1 >= 0) & (x2 > x1) & (y2 > y1) & np.isfinite(values).all(axis=1)
    _refuse("box", ~(none | good), values, "expected 0 <= x1 < x2 and 0 <= y1 < y2, or four -1")
    return values.view()


def _default(values, n: int, shape: tuple[int, ...]):
    return np.full((n, *shape), -1, dtype=np.int16) if values is None else values


def _sized(name, values, n, shape) -> np.ndarray:
    if values.shape != shape:
        raise ValueError(
            f"column {name!r} has shape {values.shape}, expected {shape}: item has {n} rows and "
            "every column needs as many"
        )
    return values


def _refuse(name, wrong, values, expected) -> None:
    refuse_rows(f"column {name!r}", wrong, values, expected)
