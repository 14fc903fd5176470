"""Shoes as attribute vectors: allowed values, trees of two levels, families of near-twins."""

import numpy as np
import pytest

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.shoes.attributes import (
    ALLOWED,
    ATTRIBUTES,
    CATEGORIES,
    PARENTS,
    SHAPES,
    changed,
    codes,
    sample_family,
    sample_shoe,
)


@pytest.fixture(scope="module")
def shoes():
    return [sample_shoe(Draws(np.random.default_rng(seed))) for seed in range(400)]


def test_every_shoe_has_allowed_values_of_all_attributes(shoes):
    for shoe in shoes:
        assert set(shoe.values) == set(ATTRIBUTES)
        for name, value in shoe.values.items():
            assert value in ATTRIBUTES[name]
            if name != "category":
                assert value in ALLOWED[shoe.category][name]


def test_every_value_of_every_attribute_occurs(shoes):
    for name, values in ATTRIBUTES.items():
        assert {shoe.values[name] for shoe in shoes} == set(values), name


def test_level_heels_are_flat_and_all_others_raise_the_foot(shoes):
    for shoe in shoes:
        level = PARENTS["heel"][shoe.values["heel"]] == "level"
        assert level == (shoe.values["heel height"] == "flat")


def test_trees_cover_all_values_and_have_two_levels():
    for name, parents in PARENTS.items():
        assert set(parents) == set(ATTRIBUTES[name])
        assert 1 < len(set(parents.values())) < len(parents)
    assert {"toe", "heel"} <= set(PARENTS)


def test_main_and_second_colour_differ(shoes):
    assert all(shoe.values["colour"] != shoe.values["second colour"] for shoe in shoes)


def test_families_are_near_twins():
    only_print = 0
    for seed in range(60):
        base, *twins = family = sample_family(np.random.default_rng(seed))
        assert len(family) == 4
        assert len({(tuple(f.values.items()), f.print_seed) for f in family}) == 4
        for twin in twins:
            differ = [name for name in ATTRIBUTES if twin.values[name] != base.values[name]]
            # two changes, and whatever must follow them (heel with height, swapped colours)
            assert len(differ) <= 4
            assert twin.category == base.category
            assert twin.shape == base.shape
            only_print += not differ and twin.print_seed != base.print_seed
    assert only_print > 5


def test_families_are_reproducible():
    first, second = (sample_family(np.random.default_rng(5)) for _ in range(2))
    assert first == second
    assert first != sample_family(np.random.default_rng(6))


def test_codes_index_the_value_lists(shoes):
    table = codes(shoes[:20])
    assert table.dtype == np.int16
    assert table.shape == (20, len(ATTRIBUTES))
    for shoe, row in zip(shoes, table, strict=False):
        named = {n: ATTRIBUTES[n][code] for n, code in zip(ATTRIBUTES, row, strict=True)}
        assert named == shoe.values


def test_changed_changes_only_what_is_named(shoes):
    shoe = shoes[0]
    other = changed(shoe, heel_height="high")
    assert other.values == {**shoe.values, "heel height": "high"}
    assert other.shape == shoe.shape
    assert set(other.shape) == set(SHAPES)


def test_categories_are_balanced(shoes):
    counts = [sum(shoe.category == name for shoe in shoes) for name in CATEGORIES]
    assert min(counts) > 400 / 6 * 0.6
