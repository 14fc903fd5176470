"""Means over seeds of what runs keep, and the drawings beside their records."""

import numpy as np
import pytest

from fashret_utils.evidence.pages import drawing_files
from fashret_utils.evidence.pages.run_means import run_means
from fashret_utils.evidence.records import Record


def run(arm, seed, data="shop", **extra):
    metrics = {"map": 0.1 * (seed + 1)}
    return Record("03", data, arm, "full", seed, metrics, {}, {}, extra=extra)


RUNS = [run("gan", 0, rmse=0.2), run("gan", 1, rmse=0.4), run("mean", 0), run("gan", 0, "other")]


def test_means_are_over_seeds_in_the_order_asked_for():
    table = run_means(RUNS, "shop", ["mean", "gan", "absent"], ["rmse", "map"])
    assert list(table.index) == ["mean", "gan"]
    assert table.loc["gan", "rmse"] == pytest.approx(0.3)
    assert table.loc["gan", "map"] == pytest.approx(0.15)
    assert table.loc["gan", "seeds"] == 2
    assert np.isnan(table.loc["mean", "rmse"])


def test_without_records_the_table_is_empty_and_has_its_columns():
    table = run_means([], "shop", ["gan"], ["rmse"])
    assert len(table) == 0
    assert list(table) == ["rmse", "seeds"]


def test_drawings_come_back_from_the_first_folder_that_has_them(tmp_path):
    pictures = np.arange(24, dtype=np.uint8).reshape(1, 2, 3, 2, 2)
    old, new = tmp_path / "book", tmp_path / "live"
    drawing_files.write(RUNS[0].path(new), frames=pictures)
    found = drawing_files.read(RUNS, ["mean", "gan"], "shop", [old, new])
    assert list(found) == ["gan"]
    assert np.array_equal(found["gan"]["frames"], pictures)
    drawing_files.write(RUNS[0].path(old), frames=pictures + 1)
    found = drawing_files.read(RUNS, ["gan"], "shop", [old, new])
    assert found["gan"]["frames"].flat[0] == 1
