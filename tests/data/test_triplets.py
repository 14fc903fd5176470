"""Batches of triplets and bags: what is drawn, from where, and what is refused."""

import numpy as np
import pytest

from fashret_utils import datasets
from fashret_utils.data.triplets import TripletSampler, random_triplets

VIEWS = ("side-left", "front", "back", "top", "pair")
OPTIONS = {"items": 20, "split": (20, 0, 0), "street_pictures": 2, "shop_views": VIEWS}
ROWS = datasets.load("wardrobe-shoes", **OPTIONS)


@pytest.mark.parametrize("triplets", [8, 4])
def test_batch_layout(triplets):
    sampler = TripletSampler(ROWS, triplets)
    seen = []
    for step in range(20 // triplets * 2):
        rows = sampler.rows(step)
        assert len(rows) == 6 * triplets
        parts = ROWS.item[rows[: 3 * triplets]].reshape(3, triplets)
        assert (parts[0] == parts[1]).all()
        assert (parts[0] != parts[2]).all()
        bags = rows[3 * triplets :].reshape(triplets, 3)
        assert (ROWS.item[bags] == parts[0][:, None]).all()
        assert all(len(set(bag)) == 3 for bag in bags.tolist())
        assert (ROWS.domain[rows] == ([0] * triplets + [1] * 5 * triplets)).all()
        seen.append(parts[0])
    epoch = np.concatenate(seen[: len(seen) // 2])
    assert len(set(epoch)) == len(epoch)  # an epoch sees an item at most once
    assert len({row for step in range(10) for row in sampler.rows(step)}) > 60


def test_batches_are_a_function_of_seed_and_step():
    a, b, other = (TripletSampler(ROWS, seed=s) for s in (1, 1, 2))
    assert (a.rows(7) == b.rows(7)).all()
    assert (a.rows(7) != other.rows(7)).any()
    shares = [TripletSampler(ROWS, 4, rank=rank, world=2).rows(1)[:4] for rank in (0, 1)]
    assert not set(ROWS.item[shares[0]]) & set(ROWS.item[shares[1]])


def test_negatives_come_from_the_pool_alone_once_it_is_set():
    sampler = TripletSampler(ROWS)
    before = {ROWS.item[sampler.rows(s)[16:24]].tobytes() for s in range(4)}
    sampler.pool = np.array([[(i + 1) % 20, (i + 2) % 20] for i in range(20)])
    for step in range(4):
        rows = ROWS.item[sampler.rows(step)]
        places = np.searchsorted(sampler.items, rows[:24]).reshape(3, 8)
        assert all(n in sampler.pool[a] for a, n in zip(places[0], places[2], strict=True))
    assert len(before) == 4


def test_short_bags_repeat_pictures():
    few = ROWS.where(view=("street", "front", "top"))
    bags = few.item, TripletSampler(few).rows(0)[24:].reshape(8, 3)
    assert all(len(set(bag)) == 2 for bag in bags[1].tolist())


def test_items_without_both_domains_are_refused():
    keep = (ROWS.item != 3) | (ROWS.domain == 1)
    with pytest.raises(ValueError, match=r"20 items, 1 times without a street or a shop"):
        TripletSampler(ROWS.take(keep))
    with pytest.raises(ValueError, match=r"expected 24 items or more"):
        TripletSampler(ROWS, triplets=24)


def test_triplets_are_the_same_with_and_without_bags():
    alone, beside = TripletSampler(ROWS, views=0, seed=4), TripletSampler(ROWS, seed=4)
    for step in range(4):
        assert (alone.rows(step) == beside.rows(step)[:24]).all()


def test_a_later_stage_goes_on_where_the_first_one_ended():
    whole, later = TripletSampler(ROWS, seed=4), TripletSampler(ROWS, seed=4, first=3)
    assert all((later.rows(step) == whole.rows(step + 3)).all() for step in range(3))


def test_bags_of_all_pictures_where_there_is_one_shop_picture():
    few = ROWS.where(view=("street", "front"))
    bags = TripletSampler(few, bags="all").rows(0)[24:].reshape(8, 3)
    assert all(len(set(bag)) == 3 for bag in bags.tolist())
    assert {tuple(np.sort(few.domain[bag])) for bag in bags} == {(0, 0, 1)}


def test_random_triplets_hold_every_street_picture_once_and_two_of_the_shop():
    few = ROWS.where(view=("street", "front", "top"))
    places = random_triplets(few)
    anchors, positives, negatives = places
    assert places.shape == (3, 40)
    assert sorted(anchors) == np.flatnonzero(few.domain == 0).tolist()
    assert (few.domain[[positives, negatives]] == 1).all()
    assert (few.item[anchors] == few.item[positives]).all()
    assert (few.item[anchors] != few.item[negatives]).all()
    assert len(set(few.item[negatives])) > 10
    assert (random_triplets(few) == places).all()
    assert (random_triplets(few, seed=1) != places).any()
