"""What a network gives for the pictures of a catalogue, as it is."""

import numpy as np
import torch

from fashret_utils.models import pyramid, trunk
from fashret_utils.training import Bench
from fashret_utils.training.benches.passes import outputs
from fashret_utils.wardrobe import Wardrobe


def test_outputs_are_those_of_all_pictures_in_order():
    rows = Wardrobe(seed=1, items=6, split=(2, 2, 2), street_pictures=1).catalog()
    stem = pyramid(trunk("lite0", pretrained=False), (3, 4))
    data = Bench(rows, stem, size=32)
    found = outputs(data, lambda maps: [maps[0].mean((2, 3)), maps[1].amax((2, 3))], rows, batch=5)
    with torch.no_grad():
        c3, c4 = stem(torch.from_numpy(np.array(rows.pixels(32))))
    assert [tuple(f.shape) for f in found] == [(len(rows), 40), (len(rows), 112)]
    torch.testing.assert_close(found[0], c3.mean((2, 3)), atol=0.02, rtol=0.02)  # float16 is kept
    torch.testing.assert_close(found[1], c4.amax((2, 3)), atol=0.05, rtol=0.02)


def test_outputs_have_no_gradient_and_are_not_normalised():
    rows = Wardrobe(seed=1, items=6, split=(2, 2, 2), street_pictures=1).catalog()
    data = Bench(rows, pyramid(trunk("lite0", pretrained=False), (4,)), size=32)
    layer = torch.nn.Linear(112, 3)
    (found,) = outputs(data, lambda maps: [7 * layer(maps.mean((2, 3)))], rows)
    assert not found.requires_grad
    assert not torch.allclose(found.norm(dim=1), torch.ones(len(rows)), atol=0.1)
