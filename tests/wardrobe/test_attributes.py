"""Attributes: allowed values, families of near-twins, codes."""

import numpy as np
import pytest

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.garments.attributes import (
    ALLOWED,
    ATTRIBUTES,
    CATEGORIES,
    PARENTS,
    changed,
    codes,
    sample_family,
    sample_garment,
)


def _families(count):
    return [sample_family(np.random.default_rng([1, k]), 4) for k in range(count)]


def test_values_are_allowed_and_known():
    for garment in (member for family in _families(150) for member in family):
        for name, value in garment.values.items():
            assert value in ATTRIBUTES[name]
            if name != "category":
                assert value in ALLOWED[garment.category][name]
        assert garment.values["colour"] != garment.values["second colour"]


def test_members_of_a_family_differ_in_one_or_two_attributes_or_in_the_print():
    prints = 0
    for base, *twins in _families(150):
        for twin in twins:
            different = [name for name in base.values if base.values[name] != twin.values[name]]
            assert twin.category == base.category
            assert twin.shape == base.shape
            # a change of colour may swap the second colour away from it
            assert len(different) <= 3
            assert different or twin.print_seed != base.print_seed
            prints += not different
        members = [(tuple(m.values.items()), m.print_seed) for m in (base, *twins)]
        assert len(set(members)) == 4
    assert prints > 20


def test_every_value_occurs():
    drawn = [sample_garment(Draws(np.random.default_rng([2, k]))) for k in range(1500)]
    for name, values in ATTRIBUTES.items():
        assert {garment.values.get(name) for garment in drawn} - {None} == set(values)


def test_codes_name_the_values_and_mark_what_does_not_apply():
    garments = [member for family in _families(20) for member in family]
    table = codes(garments)
    assert table.dtype == np.int16
    assert table.shape == (80, len(ATTRIBUTES))
    for garment, row in zip(garments, table, strict=True):
        for (name, values), code in zip(ATTRIBUTES.items(), row, strict=True):
            assert garment.values.get(name) == (None if code < 0 else values[code])


def test_hierarchies_cover_their_attributes():
    for name, groups in PARENTS.items():
        assert set(groups) == set(ATTRIBUTES[name])
        assert 1 < len(set(groups.values())) < len(groups)


@pytest.mark.parametrize("category", CATEGORIES)
def test_changed_keeps_the_rest(category):
    garment = next(
        g
        for k in range(400)
        if (g := sample_garment(Draws(np.random.default_rng([3, k])))).category == category
    )
    other = changed(garment, second_colour="teal")
    assert other.values["second colour"] == "teal"
    assert {**other.values, "second colour": garment.values["second colour"]} == garment.values
