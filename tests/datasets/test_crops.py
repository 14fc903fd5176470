"""Boxes cut pictures, where they lie in them."""

import numpy as np
import pytest
from PIL import Image

from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP
from fashret_utils.datasets.reading.crops import CropReader


def cut(tmp_path, box, size=(40, 20), **options):
    """The side lengths of what a reader takes of a picture that says where each pixel was."""
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    Image.fromarray(np.stack([x, y, 0 * x], -1).astype(np.uint8)).save(tmp_path / "p.png")
    reader = CropReader(tmp_path, **options)
    picture = reader._cut(Image.open(tmp_path / "p.png"), np.array(box, dtype=np.float32))
    found = np.asarray(picture)
    return (*found[0, 0, :2].tolist(), *(found[-1, -1, :2] + 1).tolist())


@pytest.mark.parametrize(
    ("box", "options", "expected"),
    [
        ((3, 4, 30, 15), {}, (3, 4, 30, 15)),
        ((3.4, 4, 30.4, 15.6), {}, (3, 4, 30, 16)),
        ((-1, -1, -1, -1), {}, (0, 0, 40, 20)),
        ((3, 4, 41, 15), {}, (3, 4, 40, 15)),  # a pixel too far is cut off
        ((3, 4, 42, 15), {}, (0, 0, 40, 20)),  # more is no box of this picture
        ((3, 4, 3.2, 15), {}, (0, 0, 40, 20)),
        ((3, 4, 10, 10), {"long_side": 20}, (6, 8, 20, 20)),  # drawn on 20 x 10 px
        ((3, 4, 10, 12), {"long_side": 20}, (0, 0, 40, 20)),
        ((3, 6, 10, 12), {"long_side": 20, "square": True}, (6, 2, 20, 14)),  # 5 px of margin
        ((0, 0, 20, 20), {"long_side": 20, "square": True}, (0, 0, 40, 20)),
        ((0, 0, 20, 4), {"long_side": 20, "square": True}, (0, 0, 40, 20)),  # margin alone
    ],
)
def test_a_box_counts_where_it_lies_in_the_picture(tmp_path, box, options, expected):
    assert cut(tmp_path, box, **options) == expected


def test_readers_with_other_crops_share_no_cached_pixels(tmp_path):
    options = [{}, {"long_side": 300}, {"long_side": 300, "square": True}]
    columns = {"item": [0], "domain": [SHOP], "split": ["train"], "category": [""], "source": ["p"]}
    catalogs = [
        Catalog(name="x", licence="", reader=CropReader(tmp_path, **o), **columns) for o in options
    ]
    assert len({catalog.hash for catalog in catalogs}) == 3
