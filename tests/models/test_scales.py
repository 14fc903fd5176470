"""Trunks whose last level keeps its size, and cuts that hand on several maps."""

import pytest
import torch

from fashret_utils.models import pyramid, trunk
from fashret_utils.models.trunks.scales import keep_size, scales

PICTURES = torch.randint(
    0, 256, (2, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
)


def kept(name):
    return trunk(name, pretrained=False)


@pytest.mark.parametrize(("name", "first"), [("lite0", 1), ("resnet50", 0)])
def test_the_old_map_is_every_second_place_of_the_new_one(name, first):
    plain = kept(name)
    small, large = (pyramid(each, (3, 4, 5))(PICTURES) for each in (plain, keep_size(plain)))
    for before, after in zip(small[:2], large[:2], strict=True):
        assert torch.equal(before, after)
    assert large[2].shape[2:] == large[1].shape[2:] == (4, 4)
    found = large[2][:, :, first::2, first::2]
    torch.testing.assert_close(found, small[2], atol=1e-4 * small[2].abs().max(), rtol=1e-4)


def test_the_trunk_stays_as_it_is_and_the_copy_has_another_identity():
    plain = kept("lite0")
    before = plain.giving(["block14"])
    other = keep_size(plain).giving(["block14"])
    assert before.shapes(64) != other.shapes(64)
    assert before.identity != other.identity  # one bank must not be read for the other
    assert plain.giving(["block14"]).shapes(64) == before.shapes(64)


def test_a_level_without_a_stride_or_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"level = 7: .* has levels"):
        keep_size(kept("lite0"), 7)
    with pytest.raises(ValueError, match="does not begin with a strided convolution"):
        keep_size(keep_size(kept("lite0")), 5)


@pytest.mark.parametrize("after", [3, 10, 14])
def test_stem_and_scales_together_are_the_pyramid(after):
    whole = keep_size(kept("lite0"))
    stem, tail = scales(whole, after)
    expected = pyramid(whole, (3, 4, 5))(PICTURES)
    with torch.no_grad():
        found = tail(stem(PICTURES))
    assert tail.channels == tuple(m.shape[1] for m in expected)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs)
    assert not any(p.requires_grad for p in stem.parameters())
    assert all(p.requires_grad for p in tail.parameters())


def test_nothing_is_computed_behind_the_last_level():
    _, tail = scales(kept("lite0"), 14)
    assert [name for name, _ in tail.tail.named_children()] == ["block15"]


def test_a_cut_behind_the_last_level_is_refused():
    with pytest.raises(ValueError, match="leaves no level to train: cut before block15"):
        scales(kept("lite0"), 15)
    with pytest.raises(ValueError, match=r"levels = \(3, 9\)"):
        scales(kept("lite0"), 10, (3, 9))
