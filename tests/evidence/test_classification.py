"""Accuracies with intervals, and whether two classifiers differ."""

import numpy as np
import pytest

from fashret_utils.evidence import classification, records, tables

RIGHT = np.array([True] * 90 + [False] * 10)


def test_wilson_is_the_textbook_formula():
    z, n, p = 1.959964, 100, 0.9
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert classification.wilson(RIGHT) == pytest.approx((middle - half, middle + half), abs=1e-6)


def test_mcnemar_counts_only_disagreements():
    a = np.array([True] * 9 + [False] * 3)
    b = np.array([True] * 4 + [False] * 5 + [True] + [False] * 2)
    found = classification.mcnemar(a, b)
    assert (found["only first right"], found["only second right"]) == (5, 1)
    assert found["p"] == pytest.approx(14 / 64)  # two-sided: 2 (1 + 6) / 2^6
    assert classification.mcnemar(a, a)["p"] == 1
    table = classification.mcnemar_table({"b": b, "a": a, "c": a}, "a")
    assert table.index.tolist() == ["b", "c"]
    assert table.iloc[:, :2].to_numpy().tolist() == [[5, 1], [0, 0]]


def test_a_record_of_a_classifier_is_written_read_and_tabulated(tmp_path):
    names = {"chapter": "toy", "data": "digits-60", "arm": "svm,linear", "scale": "smoke"}
    made = classification.new(
        {"accuracy": RIGHT}, **names, seed=3, extra={"settings": {"n": 60}}, curve={"best": [0.1]}
    )
    records.write(made, tmp_path)
    (found,) = records.load(tmp_path)
    assert found.metrics == {"accuracy": 0.9}
    assert found.counts == {"n_accuracy": 100}
    assert found.extra == {"settings": {"n": 60}}
    cell = tables.percent(tables.table([found], ["accuracy"]).iloc[0], "accuracy")
    assert cell == "90.0 [82.6, 94.5]"
    with pytest.raises(ValueError, match="unknown scale"):
        classification.new({}, **{**names, "scale": "huge"}, seed=0)
