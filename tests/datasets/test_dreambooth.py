"""Three real shoes: a handful of queries, or a message that says where to put them."""

import numpy as np
from PIL import Image

from fashret_utils.datasets import dreambooth


def test_absent_shoes_are_asked_for_clearly(tmp_path, capsys):
    assert dreambooth.shoes(str(tmp_path)) is None
    said = capsys.readouterr().out
    assert "colorful_sneaker" in said
    assert "github.com/google/dreambooth" in said


def test_each_photo_is_a_query_of_its_shoe(tmp_path):
    for number, name in enumerate(dreambooth.SHOES):
        folder = tmp_path / "dreambooth" / name
        folder.mkdir(parents=True)
        for i in range(number + 1):
            Image.new("RGB", (8, 8), (40 * number, 0, 0)).save(folder / f"0{i}.jpg")
    rows = dreambooth.shoes(str(tmp_path))
    assert np.bincount(rows.item - dreambooth.FIRST_ITEM).tolist() == [1, 2, 3]
    assert set(rows.split) == {"query"}
    assert set(rows.domain) == {0}
    assert rows.pixels(8).shape == (6, 3, 8, 8)
