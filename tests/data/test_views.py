"""Fixed views: the same change as `Augment`'s, decided by seed, picture and number alone."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from fashret_utils.data.augment import MEAN, STD, Augment
from fashret_utils.data.views import DRAWS, GREY, augmented, view_draws

STILL = Augment(
    flip=0, zoom=(1, 1), shift=0, brightness=0, contrast=0, saturation=0, tint=0, erase=0
)


def smooth(count=48, size=48):
    """Pictures without sharp edges, so that rounding a place to 1/32 pixel hardly shows."""
    coarse = torch.from_numpy(np.random.default_rng(0).uniform(0, 255, (count, 3, 5, 5)))
    x = F.interpolate(coarse, size=(size, size), mode="bicubic").clamp(0, 255)
    return x.round().to(torch.uint8)


@pytest.mark.parametrize("augment", [Augment(blur=0.5), Augment(erase=1.0, zoom=(0.5, 1.3))])
def test_bytes_are_changed_as_floats_are(augment, monkeypatch):
    x, draws = smooth(), np.random.default_rng(1).random((48, DRAWS))
    monkeypatch.setattr(torch, "rand", lambda *a, **k: torch.from_numpy(draws.T.copy()).float())
    normalised = augment(x, torch.Generator())
    expected = 255 * (
        normalised * torch.tensor(STD)[:, None, None] + torch.tensor(MEAN)[:, None, None]
    )
    found = augmented(augment, x.numpy(), draws)
    assert found.dtype == np.uint8
    assert np.abs(found - expected.numpy()).max() < 3
    assert np.abs(found - expected.numpy()).mean() < 0.5
    raw = augment.raw(x, torch.Generator())
    assert raw.dtype == torch.uint8
    assert (raw - expected).abs().max() < 0.51


def test_no_change_is_no_change_and_a_box_is_grey():
    x = smooth().numpy()
    draws = view_draws([str(i) for i in range(len(x))], 1)
    assert (augmented(STILL, x, draws) == x).all()
    found = augmented(Augment(**{**vars(STILL), "erase": 1.0}), x, draws)
    grey = (found == np.array(GREY)[:, None, None]).all(1)
    assert ((found == x).all(1) | grey).all()
    share = grey.mean((1, 2))
    assert 0.15**2 * 0.8 < share.min() < share.max() < 0.45**2 * 1.2


def test_draws_depend_on_seed_view_and_name_alone():
    names = [f"picture {i}" for i in range(2000)]
    draws = view_draws(names, 1)
    assert draws.shape == (2000, DRAWS)
    assert (view_draws(names[7:9][::-1], 1) == draws[7:9][::-1]).all()
    for other in (view_draws(names, 2), view_draws(names, 1, seed=1)):
        assert (other != draws).mean() > 0.999
        assert abs(np.corrcoef(other.ravel(), draws.ravel())[0, 1]) < 0.03
    assert np.abs(draws.mean(0) - 0.5).max() < 0.03  # uniform: mean 1/2, variance 1/12
    assert np.abs(draws.var(0) - 1 / 12).max() < 0.008
