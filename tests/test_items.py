"""Items compare as Python's own whole numbers and texts do, or are refused by row."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fashret_utils.items import as_items, check_same_kind

WHOLE = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_characters="\0"), max_size=4)
OTHER = st.floats() | st.booleans() | st.none() | st.just(pd.NA) | st.binary() | st.just(2**63)


@given(st.lists(WHOLE, min_size=1) | st.lists(TEXT, min_size=1), st.data())
def test_items_are_equal_where_what_was_given_is(values, data):
    forms = [list, tuple, lambda v: np.array(v, dtype=object), pd.Series]
    if isinstance(values[0], int):
        forms += [np.array, torch.tensor, lambda v: pd.array(v, dtype="Int64")]
        if min(values) >= 0:
            forms.append(lambda v: np.array(v, dtype=np.uint64))
    found = as_items(data.draw(st.sampled_from(forms))(values), "items")
    assert found.dtype.kind in "iU"
    assert found.tolist() == values
    assert ((found[:, None] == found) == [[a == b for b in values] for a in values]).all()


@given(st.lists(WHOLE | TEXT | OTHER, min_size=1))
def test_lists_of_anything_else_are_refused_by_row(values):
    kinds = {type(v) for v in values}
    if kinds in ({int}, {str}) and 2**63 not in values:
        assert as_items(values, "items").tolist() == values
    else:
        with pytest.raises(ValueError, match=r"items, row \d+: "):
            as_items(values, "items")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([1.0, 2.0]), r"i, row 0: 1.0 is wrong, .*not float64.*\(2 such values\)"),
        (np.array([1.0, np.nan]), r"i, row 1: nan is wrong, .*not a missing value"),
        (pd.Series([1, None], dtype="Int64"), r"i, row 1: (<NA>|nan) is wrong"),
        (pd.Series(["a", None]).astype("category"), r"i, row 1: nan is wrong"),
        (torch.tensor([0.5]), r"i, row 0: 0.5 is wrong, .*not float32"),
        (np.array([0, 2**63], dtype=np.uint64), r"i, row 1: 9223372036854775808 is wrong"),
        ([3, "a"], r"i, row 0: 3 is wrong, expected text, as in other rows"),
        (np.array(["2024-01-01"], dtype="M8[D]"), r"i, row 0: 2024-01-01 is wrong"),
        (5, "i is a single value, 5"),
    ],
)
def test_what_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        as_items(values, "i")


def test_numbers_and_text_are_unlike_and_nothing_is_like_either():
    with pytest.raises(ValueError, match="row 0 is 7 in the one and '7' in the other"):
        check_same_kind(np.array([7]), np.array(["7"]))
    check_same_kind(np.array([], dtype=np.int64), np.array(["7"]))
