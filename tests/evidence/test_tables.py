"""Tables for pages: numbers stay with their names, however the rows are ordered."""

import numpy as np
import pandas as pd
import pytest

from fashret_utils.evidence import tables
from fashret_utils.evidence.records import Record


@pytest.fixture
def measured():
    rows = [
        ("a", "x", 0.5, 0.4, 0.6),
        ("a", "y", 0.25, 0.2, 0.3),
        ("b", "x", 0.125, np.nan, np.nan),
    ]
    return pd.DataFrame(rows, columns=["data", "arm", "hit@1", "hit@1 low", "hit@1 high"])


def test_percent_writes_value_and_interval(measured):
    cells = [tables.percent(row, "hit@1") for _, row in measured.iterrows()]
    assert cells == ["50.0 [40.0, 60.0]", "25.0 [20.0, 30.0]", "12.5"]


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
def test_matrix_keeps_numbers_with_their_arm_and_data(measured, order):
    wide = tables.matrix(measured.iloc[order], "hit@1", arms=("y", "absent", "x"))
    assert wide.index.tolist() == ["y", "x"]
    assert wide.loc["x"].to_dict() == {"a": "50.0 [40.0, 60.0]", "b": "12.5"}
    assert wide.loc["y"].to_dict() == {"a": "25.0 [20.0, 30.0]", "b": ""}


def test_readable_folds_intervals_into_cells(measured):
    shown = tables.readable(measured)
    assert shown.columns.tolist() == ["data", "arm", "hit@1, %"]
    assert shown["hit@1, %"].tolist() == ["50.0 [40.0, 60.0]", "25.0 [20.0, 30.0]", "12.5"]


def test_origin_without_records_says_so():
    assert tables.origin([]) == "no run is recorded yet"


def test_rungs_stand_in_their_order_and_those_without_records_are_left_out(measured):
    steps = {"y": "the start", "absent": "never run", "x": "one thing more"}
    found = tables.rungs(measured[measured["data"] == "a"], steps, "hit@1")
    assert found["step"].tolist() == ["the start", "one thing more"]
    assert found["value"].tolist() == [25.0, 50.0]
    assert found[["low", "high"]].to_numpy().tolist() == [[20.0, 30.0], [40.0, 60.0]]
    assert tables.rungs(measured[measured["data"] == "a"], steps, "hit@1", "head,").empty


def run(arm, seed, scale="full", extra=(), **metrics):
    about = {"chapter": "c", "data": "d", "intervals": {}, "counts": {}}
    return Record(arm=arm, seed=seed, scale=scale, metrics=metrics, extra=dict(extra), **about)


def test_means_are_over_seeds_of_the_largest_scale_and_blank_where_unknown():
    found = [run("a", 0, extra={"loss": 0.1}, ap=0.5), run("a", 1, extra={"loss": 0.2}, ap=0.75)]
    found += [run("a", 0, "quick", extra={"loss": 9.0}), run("b", 0, "quick", ap=0.25)]
    shown = tables.means(found, ("loss", "ap"), ("c", "b", "a"))
    assert shown.index.tolist() == ["b", "a"]
    assert shown.loc["a"].to_dict() == {"loss": "0.150", "ap": "0.625"}
    assert shown.loc["b"].to_dict() == {"loss": "", "ap": "0.250"}
    assert tables.means([], ("loss",), ("a",)).empty


def test_a_papers_table_stands_beside_ours():
    found = [
        run("a", seed, **{"hit@1": value, "map": 0.5}) for seed, value in ((0, 0.25), (1, 0.75))
    ]
    shown = tables.beside_published(
        {"b": (1.0,), "a": (2.5,)}, found, ["hit@1"], ("theirs", "ours")
    )
    assert shown.index.tolist() == ["b", "a"]
    assert shown["theirs", "hit@1"].tolist() == ["1.00", "2.50"]
    assert shown.loc["b", "ours"].tolist() == ["", ""]
    assert shown.loc["a", ("ours", "hit@1")].startswith("50.0 [")
    assert shown.loc["a", ("ours", "map")].startswith("50.0")
