"""The table of what trials chose."""

from fashret_utils.evidence.records import Record
from fashret_utils.training.plan import chosen

CHOICES = [{"loss": "a", "rate": rate} for rate in (0.1, 0.2, 0.3, 0.4, 0.5)]


def trial(number, mark):
    about = {"chapter": "c", "data": "d", "scale": "full", "seed": 0}
    values = {"metrics": {}, "intervals": {}, "counts": {}, "extra": {"val_map": mark}}
    return Record(arm=f"trial,x,{number}", **about, **values)


def test_settings_stand_alone_until_trials_have_run():
    table = chosen.table([], {"x": CHOICES}, {"x": CHOICES[2]}, lambda key: key != "loss")
    assert table.to_dict("index") == {"x": {"rate": 0.3}}


def test_marks_edges_and_how_near_the_others_are():
    found = [trial(i, mark) for i, mark in enumerate((0.9, 0.8, 0.7, 0.6, 0.5))]
    table = chosen.table(found, {"x": CHOICES}, {"x": CHOICES[0]}, lambda key: key != "loss")
    (row,) = table.to_dict("records")
    assert row == {"rate": 0.1, "validation": 90.0, "at the edge": "rate", "fifth, less": -40.0}
