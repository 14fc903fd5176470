"""Networks of one size: lengths of vectors, places of branches, widths of fillers."""

import pytest

from fashret_utils.models.convolutions import bottleneck
from fashret_utils.models.equal_size import filler_width, layout, slices

CELLS = {"global": None, "part": (2, 1), "local": (3, 1)}


def test_the_lengths_of_vectors():
    expected = {"global": 80} | dict.fromkeys(("part", "part-1", "part-2"), 40)
    expected |= dict.fromkeys(("local", "local-1", "local-2", "local-3"), 40)
    assert layout(CELLS, CELLS, 360) == expected
    assert layout(("global",), CELLS, 360) == {"global": 360}
    with pytest.raises(ValueError, match="dim = 128: branches global, part, local need a multiple"):
        layout(CELLS, CELLS, 128)


def test_branches_lie_side_by_side():
    found = slices(layout(CELLS, CELLS, 360))
    assert found == {"global": slice(0, 80), "part": slice(80, 200), "local": slice(200, 360)}


@pytest.mark.parametrize("channels", [32, 320])
@pytest.mark.parametrize("lacking", [5_000, 100_000, 400_000])
def test_a_filler_has_about_the_weights_that_are_lacking(channels, lacking):
    made, wider = (
        sum(
            p.numel()
            for p in bottleneck(channels, filler_width(channels, lacking) + more).parameters()
        )
        for more in (0, 1)
    )
    assert abs(made - lacking) <= (wider - made) / 2 + 9  # the nearest there is


def test_without_a_lack_there_is_no_filler():
    assert filler_width(320, 0) == filler_width(320, 640) == filler_width(320, -5) == 0
