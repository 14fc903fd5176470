"""What arms cost, beside a table of what they gain."""

import pandas as pd
import pytest

from fashret_utils.evidence.claims.prices import priced, trained
from fashret_utils.evidence.records import Record


def record(arm, **extra):
    names = {"chapter": "c", "data": "d", "arm": arm, "scale": "full", "seed": 0}
    return Record(**names, metrics={}, intervals={}, counts={}, extra=extra)


def test_prices_are_means_over_records_and_blank_without_any():
    table = pd.DataFrame({"map": ["1", "2"]}, index=["a", "b"])
    found = [record("a", weights=2000, pictures_per_second=10), record("a", weights=4000)]
    told = priced(table, found)
    assert told.loc["a"].tolist() == ["1", "3", "", "10"]
    assert told.loc["b"].tolist() == ["2", "", "", ""]
    assert list(table.columns) == ["map"]


def test_training_costs_and_what_came_before_are_means_over_seeds():
    def run(arm, seed, seconds, before, score):
        about = {"chapter": "c", "data": "d", "scale": "full", "intervals": {}, "counts": {}}
        extra = {"before_seconds": before, "net_parameters": 1000}
        about |= {"metrics": {"map": score}, "cost": {"device_seconds": seconds}}
        return Record(**about, arm=arm, seed=seed, extra=extra)

    found = [run("a", 0, 50, 10, 0.3), run("a", 1, 70, 30, 0.5), run("b", 0, 40, 0, 0.2)]
    table = trained(found, ["b", "a", "none"])
    assert list(table.index) == ["b", "a"]
    assert table.loc["a", ["seconds", "before", "map"]].tolist() == pytest.approx([60, 20, 0.4])
    assert table.loc["a", "low"] == pytest.approx(0.4 - 12.706205 * 0.1)
    assert pd.isna(table.loc["b", "low"])
    assert trained([], ["a"]).empty
