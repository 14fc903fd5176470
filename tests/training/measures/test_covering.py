"""Windows that are covered, and how far a similarity falls."""

import numpy as np

from fashret_utils import retrieval
from fashret_utils.training.bench import Search
from fashret_utils.training.measures import best_pairs, both_ways, covered, falls
from fashret_utils.training.measures.covering import GREY
from fashret_utils.wardrobe import Wardrobe


def test_each_copy_has_one_window_covered_row_by_row():
    picture = np.arange(3 * 8 * 8, dtype=np.uint8).reshape(3, 8, 8)
    copies = covered(picture, window=4, step=2)
    assert copies.shape == (9, 3, 8, 8)
    for number, copy in enumerate(copies):
        y, x = 2 * (number // 3), 2 * (number % 3)
        assert (copy[:, y : y + 4, x : x + 4] == GREY).all()
        rest = np.ones((8, 8), bool)
        rest[y : y + 4, x : x + 4] = False
        assert np.array_equal(copy[:, rest], picture[:, rest])


def test_a_part_falls_where_it_looks_and_nowhere_else():
    picture = np.full((3, 8, 8), 200, np.uint8)

    def embed(pictures):
        """Two parts, the left and the right half, each beside a constant."""
        left, right = (pictures[:, 0, :, part].mean((1, 2)) for part in (slice(4), slice(4, 8)))
        constant = np.full(len(pictures), 50.0)
        return np.stack([left, constant, right, constant], 1)

    parts = {"left": slice(0, 2), "right": slice(2, 4)}
    found = falls(embed, parts, picture, picture, window=4, step=4)
    assert (found["left"][:, 0] > 1e-4).all()
    assert np.allclose(found["left"][:, 1], 0)
    assert (found["right"][:, 1] > 1e-4).all()
    assert np.allclose(found["right"][:, 0], 0)


def test_pairs_come_best_first_one_an_item():
    rows = Wardrobe(seed=1, items=12, split=(2, 2, 8), street_pictures=2).catalog()
    query, gallery = rows.where(split="query"), rows.where(split="gallery")
    sides = [np.eye(12, dtype=np.float32)[side.item] for side in (query, gallery)]
    worst = int(query.item[0])
    sides[0][query.item == worst] = 1 - sides[0][query.item == worst]
    found = Search(retrieval.evaluate(*sides, query.item, gallery.item, k=1), *sides, None)
    pairs = best_pairs(found, rows, 32, 7)
    fronts = gallery.where(view="front")
    shown = [
        next(
            i
            for i, p in zip(fronts.item, fronts.pixels(32), strict=True)
            if np.array_equal(p, pair[1])
        )
        for pair in pairs
    ]
    assert len(set(shown)) == 7
    assert worst not in shown


def test_each_picture_of_a_pair_is_covered_and_compared_with_the_other():
    def embed(pictures):
        return np.stack([pictures[:, 0].mean((1, 2)), np.full(len(pictures), 50.0)], 1)

    street, shop = (np.full((3, 8, 8), grey, np.uint8) for grey in (40, 250))
    parts = {"all": slice(0, 2)}
    rows, found = both_ways(embed, parts, [(street, shop)], ("street", "shop"), 4, 4)
    assert [label for label, _ in rows] == ["street", "shop"]
    assert rows[0][1] is street
    expected = [falls(embed, parts, *pair, 4, 4) for pair in ((street, shop), (shop, street))]
    for got, wanted in zip(found, expected, strict=True):
        assert np.array_equal(got["all"], wanted["all"])
    assert (found[0]["all"] < 0).all()  # grey is nearer to the bright picture than dark is
