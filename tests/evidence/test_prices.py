"""What arms cost, beside a table of what they gain."""

import pandas as pd

from fashret_utils.evidence.claims.prices import priced
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
