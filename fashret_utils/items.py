"""What a picture shows, in the one form in which it compares exactly: whole numbers or text."""

from __future__ import annotations

from typing import Any

import numpy as np

_LIMITS = np.iinfo(np.int64)
_FAR = "a number from -2**63 to 2**63 - 1; others as text"
_WHY = (
    "floats lose digits above 2**53, and one missing value turns a column of numbers into floats: "
    "leave out rows without an item, and keep the others whole numbers or make them text"
)


def as_items(values: Any, name: str, *, text: bool = True) -> np.ndarray:
    """Items of pictures as they are given, never rounded: int64 or text, of the same shape.

    **Arguments**: `values` - an array, tensor, column or list; `name` - what errors call it;
    `text` - whether text is allowed.

    **Raises** `ValueError` naming the row of a missing value (None, NaN, NA), a float, a whole
    number beyond int64, numbers and text side by side, and anything else.
    """
    if hasattr(values, "detach"):  # a tensor, also of a GPU
        values = values.detach().cpu().numpy()
    # A list is looked at value by value: NumPy would make text of [1, "a"] and floats of [1, 2.5].
    values = np.asarray(values, dtype=object if isinstance(values, list | tuple) else None)
    if values.ndim == 0:
        raise ValueError(f"{name} is a single value, {values}: expected one a picture")
    if values.dtype.kind == "O":
        return _of_objects(values, name, text)
    if values.dtype.kind == "u":
        refuse_rows(
            name, values > _LIMITS.max, values, "expected a number below 2**63, others as text"
        )
    elif values.dtype.kind not in ("iU" if text else "i"):
        kind = _kind(text)
        refuse_rows(name, values != values, values, f"expected {kind}, not a missing value: {_WHY}")
        every = np.ones(values.shape, dtype=bool)
        refuse_rows(name, every, values, f"expected {kind}, not {values.dtype}: {_WHY}")
    return values if values.dtype.kind == "U" else values.astype(np.int64, copy=False)


def check_same_kind(query: np.ndarray, gallery: np.ndarray) -> None:
    """Refuse items that are numbers on one side and text on the other, such as 7 and "7".

    **Arguments**: what `as_items` returned, of any lengths.

    **Raises** `ValueError` naming both sides and their first rows.
    """
    if query.size and gallery.size and (query.dtype.kind == "U") != (gallery.dtype.kind == "U"):
        raise ValueError(
            f"query_items and gallery_items are of unlike kinds, row 0 is {query[0].item()!r} in "
            f"the one and {gallery[0].item()!r} in the other, so that nothing would match: make "
            "both whole numbers, or both text"
        )


def refuse_rows(name: str, wrong: np.ndarray, values: np.ndarray, expected: str) -> None:
    """Raise `ValueError` naming the first row where `wrong`, bool (n, ...), is true.

    **Arguments**: `values` (n, ...) - what is there; `expected` - "expected" and what should be.
    """
    if wrong.any():
        row = int(np.flatnonzero(wrong.reshape(len(wrong), -1).any(axis=1))[0])
        count = int(wrong.sum())
        more = f" ({count} such values)" if count > 1 else ""
        shown = values[row].tolist() if isinstance(values[row], np.ndarray) else values[row]
        raise ValueError(f"{name}, row {row}: {shown!s} is wrong, {expected}{more}")


def _of_objects(values: np.ndarray, name: str, text: bool) -> np.ndarray:
    flat, kind = values.ravel().tolist(), _kind(text)

    def where(holds) -> np.ndarray:
        return np.array([holds(v) for v in flat], dtype=bool).reshape(values.shape)

    words = where(lambda v: isinstance(v, str))
    whole = where(lambda v: isinstance(v, int | np.integer) and not isinstance(v, bool))
    refuse_rows(name, where(_is_missing), values, f"expected {kind}, not a missing value: {_WHY}")
    refuse_rows(name, ~(words | whole if text else whole), values, f"expected {kind}: {_WHY}")
    if words.any():
        refuse_rows(
            name, ~words, values, "expected text, as in other rows: a number is like no text"
        )
        return values.astype(str)
    far = where(lambda v: not _LIMITS.min <= v <= _LIMITS.max)
    refuse_rows(name, far, values, f"expected {_FAR}")
    return values.astype(np.int64)


def _kind(text: bool) -> str:
    return "a whole number or text" if text else "a whole number"


def _is_missing(value: object) -> bool:
    """None, NaN and NaT, which are unlike themselves, and NA, which does not know."""
    return value is None or type(value).__name__ == "NAType" or bool(np.any(value != value))
