"""Right values of attributes, by hand."""

import numpy as np

from fashret_utils.training.measures import commonest, read_by_probe, share_right
from fashret_utils.wardrobe import Wardrobe


def test_unknown_values_do_not_count():
    truth = np.array([[0, 2], [1, -1], [1, 0], [-1, 0]])
    said = np.array([[0, 2], [0, 1], [1, 1], [1, 0]])
    assert share_right(said, truth).tolist() == [2 / 3, 2 / 3]
    assert share_right(np.array([[1, 0]]), truth).tolist() == [2 / 3, 2 / 3]  # a guess for all
    assert np.isnan(share_right(said, np.full_like(truth, -1))).all()


def test_the_commonest_value_and_a_probe_of_what_says_all():
    rows = Wardrobe(seed=1, items=24, split=(16, 4, 4), street_pictures=1).catalog()
    train = rows.where(split="train")
    for name, codes, usual in zip(
        rows.attribute_names, train.attributes.T, commonest(train)[0], strict=True
    ):
        counts = [(codes == value).sum() for value in range(len(rows.attribute_values[name]))]
        assert counts[usual] == max(counts), name

    def told(part):
        """Embeddings that hold every attribute."""
        return np.hstack([np.eye(20, dtype=np.float32)[codes] for codes in part.attributes.T])

    query = rows.where(split="query")
    found = read_by_probe(told, rows, told(query))
    assert found["attributes_probe"] > found["attributes_usual"] > 0
    assert (
        read_by_probe(told, rows, np.zeros_like(told(query)))["attributes_probe"]
        < (found["attributes_probe"])
    )
