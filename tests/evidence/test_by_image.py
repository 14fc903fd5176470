"""Records of what a chapter counts itself."""

import numpy as np
import pytest

from fashret_utils.evidence import by_image, records

ABOUT = {"chapter": "none", "data": "d", "scale": "smoke", "arm": "a", "seed": 0}


def test_a_classifier_is_kept_image_by_image(tmp_path):
    right = {"test": np.arange(25) % 3 > 0, "val": np.ones(4, bool)}
    by_image.write_classifier(right, tmp_path, **ABOUT)
    (record,) = records.load(tmp_path)
    assert record.metrics == {"accuracy": right["test"].mean(), "val_accuracy": 1.0}
    kept = records.per_query(record, tmp_path)
    assert np.array_equal(kept.metric("accuracy"), right["test"])
    assert np.array_equal(kept.metric("hit@1"), right["test"])
    assert kept.family.tolist() == [0] * 10 + [1] * 10 + [2] * 5


def test_a_ranking_is_kept_query_by_query(tmp_path):
    precision, first = np.array([1.0, 0.5, 0.1]), np.array([1, 2, 10])
    item, family = np.array([4, 4, 7]), np.array([1, 1, 2])
    found = by_image.write_ranking(precision, first, item, family, tmp_path, **ABOUT)
    (record,) = records.load(tmp_path)
    assert record.metrics == found
    assert found == pytest.approx(
        {"map": 1.6 / 3, "hit@1": 1 / 3, "hit@5": 2 / 3, "hit@10": 1.0, "hit@20": 1.0}
    )
    kept = records.per_query(record, tmp_path)
    assert kept.metric("map") == pytest.approx(precision, abs=1e-3)
    assert kept.metric("hit@5").tolist() == [1, 1, 0]
    assert kept.family.tolist() == [1, 1, 2]
