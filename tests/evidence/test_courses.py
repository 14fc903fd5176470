"""What is kept and shown of searches."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from fashret_utils.evidence.pages import courses

TRIED = pd.DataFrame(
    {
        "tokens": [[6, 0], [7], [6, 0], [8, 1]],
        "text": ["a", "b", "a", "c"],
        "reward": [0.1, 0.0, 0.1, 0.4],
        "best": [0.1, 0.1, 0.1, 0.4],
        "seconds": [1.0, 2.0, 3.0, 4.0],
    }
)


def test_a_course_is_thinned_and_keeps_its_ends():
    whole = {"program": [1, 2, 3, 4], "best": [0.1, 0.1, 0.1, 0.4], "mean": [0.1, 0, 0.1, 0.4]}
    assert courses.thinned(TRIED) == whole
    thin = {"program": [1, 4], "best": [0.1, 0.4], "mean": [0.1, 0.166667]}  # of the three since
    assert courses.thinned(TRIED, 2) == thin


def test_a_summary_counts_programs():
    kept = {"reward": 0.4, "programs": 4, "different": 3, "refused": 1, "seconds": 4.0}
    assert courses.summary(TRIED) == kept


def test_records_of_searches_are_told_by_data_and_method():
    line = {"program": [1], "best": [0.2]}
    extra = {"text": "e", "reward": 0.31, "second": 0.29}
    about = {"data": "d", "seed": 0, "metrics": {"map": 0.25}}
    found = SimpleNamespace(arm="function,rl", curve=line, extra=extra, **about)
    other = SimpleNamespace(arm="gsn", curve={"step": [1]}, extra={}, **about)
    assert courses.by_method([found, other]) == {"d": {"rl": [line]}}
    (row,) = courses.found([found, other], "map").to_dict("records")
    assert (row["program"], row["reward"], row["second"], row["test"]) == ("e", 31.0, 29.0, 25.0)


def test_what_is_kept_names_the_choice():
    again = {(0, 0): 0.1, (6, 0): 0.3, (8, 1): 0.2}  # the first is no program of the search
    kept = courses.kept(TRIED, (6, 0), again, "x·y")
    chosen = {"tokens": [6, 0], "second": 0.3, "text": "x·y", "looked_at": [[0.4, 0.2], [0.1, 0.3]]}
    assert kept == {**courses.summary(TRIED), **chosen}


def test_kernels_stand_beside_published_numbers_where_there_are_any():
    right = {"val": np.array([True, False]), "test": np.array([True, True, True, False])}
    table = courses.beside_published({"a": right, "b": right}, {"a": (50.0, 75.0, 80.0)})
    assert table.loc["a"].tolist() == [50.0, "50.0", 75.0, "75.00"]
    assert table.loc["b"].tolist() == ["", "50.0", "", "75.00"]


def test_choices_are_counted_over_records():
    made = [{"chosen": {"C": 3}}, {"chosen": {"C": 10}}, {}, {"chosen": {"C": 10}}]
    records = [SimpleNamespace(extra=extra) for extra in made]
    assert list(courses.choices_made(records).items()) == [("{'C': 10}", 2), ("{'C': 3}", 1)]
