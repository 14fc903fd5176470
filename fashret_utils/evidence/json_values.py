"""What a record can hold, looked at before it is written: before a run has trained for hours."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np


def plain(value: object, name: str) -> object:
    """A value as JSON keeps it: NumPy's as Python's, tuples as lists, NaN and infinity as null.

    **Arguments**: `name` - what errors call it, such as "settings".

    **Raises** `ValueError` naming the part that is no number, text, list or mapping of these, or
    two keys that become one.
    """
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, Mapping):
        kept = {str(key): plain(part, f"{name}[{key!r}]") for key, part in value.items()}
        if len(kept) < len(value):
            raise ValueError(f"{name} has keys that are the same as text: {list(value)}")
        return kept
    if isinstance(value, list | tuple):
        return [plain(part, f"{name}[{place}]") for place, part in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise ValueError(
        f"{name} is a {type(value).__name__}, {str(value)[:80]}, which no record can hold: pass "
        "numbers, text, lists or mappings of these, such as str(...) of a path or a type, or "
        ".tolist() of a tensor"
    )
