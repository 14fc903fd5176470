"""Which training pictures arms start from."""

import numpy as np

from fashret_utils.data import SHOP, STREET
from fashret_utils.datasets import bench
from fashret_utils.training.beginnings import one_of_each, paired


def test_items_of_one_domain_are_left_out_of_the_training_alone():
    whole = bench.load("wardrobe-garments", "smoke")
    assert paired(whole) is whole
    lonely, asked = (np.unique(whole.where(split=s).item)[0] for s in ("train", "query"))
    less = whole.take((whole.domain == SHOP) | ~np.isin(whole.item, (lonely, asked)))
    found = paired(less)
    assert lonely not in found.where(split="train").item
    assert asked in found.where(split="gallery").item
    assert len(found) == len(less) - (less.item == lonely).sum()


def test_one_street_and_one_shop_picture_of_each_item():
    train = bench.load("wardrobe-garments", "smoke").where(split="train")
    found = one_of_each(train)
    for domain in (STREET, SHOP):
        rows = found.where(domain=domain)
        assert rows.item.tolist() == np.unique(train.item).tolist()
        first = [np.flatnonzero((train.item == i) & (train.domain == domain))[0] for i in rows.item]
        assert rows.source.tolist() == train.source[first].tolist()
