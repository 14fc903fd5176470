"""One pixel for many: which are kept, how often they count, and that nothing becomes a number."""

import pytest
import torch

from fashret_utils.models.programs.pixels import pixels_that_differ


def test_lit_pixels_are_kept_and_black_ones_counted():
    a, b = torch.zeros(2, 6), torch.zeros(3, 6)
    a[0, 1], b[2, 4] = 0.5, 1.0
    kept, weights = pixels_that_differ(a, b)
    assert kept.tolist() == [1, 4, 0]
    assert weights.tolist() == [1, 1, 4]


def test_all_black_images_stay_vectors():
    kept, weights = pixels_that_differ(torch.zeros(2, 50), torch.zeros(3, 50))
    assert len(kept) == 2
    assert weights.tolist() == [1, 49]


def test_all_lit_images_keep_every_pixel():
    kept, weights = pixels_that_differ(torch.ones(2, 5), torch.ones(1, 5))
    assert kept.tolist() == list(range(5))
    assert weights.tolist() == [1] * 5


@pytest.mark.parametrize("lit", [0, 1])
def test_one_pixel_is_one_pixel(lit):
    kept, weights = pixels_that_differ(torch.full((2, 1), lit), torch.full((1, 1), lit))
    assert kept.tolist() == [0]
    assert weights.tolist() == [1]


@pytest.mark.parametrize("shapes", [((2, 3), (2, 4)), ((2, 0), (1, 0)), ((3,), (3,))])
def test_images_that_do_not_pair_are_refused(shapes):
    with pytest.raises(ValueError, match=r"expected \(p, d\) and \(q, d\)"):
        pixels_that_differ(*map(torch.zeros, shapes))
