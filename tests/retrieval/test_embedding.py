"""Pictures to embeddings."""

import numpy as np
import pytest
import torch
from torch import nn

from fashret_utils import retrieval
from fashret_utils.data.augment import normalise
from fashret_utils.data.catalog import Catalog
from fashret_utils.data.feature_bank import FeatureBank
from fashret_utils.models import cut, pyramid, trunk

PIXELS = np.random.default_rng(0).integers(256, size=(11, 3, 8, 8), dtype=np.uint8)


def dots(catalog, rows, size):
    """Pictures that depend on their row alone."""
    shape = (3, size, size)
    made = [np.random.default_rng(int(s)).integers(256, size=shape) for s in catalog.source[rows]]
    return np.stack(made).astype(np.uint8)


def model():
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.Dropout(0.5), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(216, 5))


def test_embeds_in_evaluation_mode_with_the_one_normalisation():
    net = model().eval()
    with torch.no_grad():
        expected = net(normalise(torch.from_numpy(PIXELS))).numpy()
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    net.train()
    rows = retrieval.embed(net, PIXELS, batch=4)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, expected, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)


def test_leaves_the_model_as_it_was():
    net = model().train()
    net[1].eval()  # a frozen layer
    before = {name: value.clone() for name, value in net.state_dict().items()}
    retrieval.embed(net, PIXELS)
    assert [module.training for module in net] == [True, False, True, True, True]
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name]), name
    net(normalise(torch.from_numpy(PIXELS))).sum().backward()  # still trains

    class Fails(nn.Module):
        def forward(self, images):
            raise RuntimeError("out of memory")

    net = Fails().train()
    with pytest.raises(RuntimeError, match="out of memory"):
        retrieval.embed(net, PIXELS)
    assert net.training


def test_takes_a_catalogue():
    def reader(catalog, rows, size):
        return PIXELS[rows, :, :size, :size]

    words = np.full(11, "shirt")
    catalog = Catalog(
        name="noise",
        item=np.arange(11),
        domain=np.ones(11),
        split=np.full(11, "gallery"),
        category=words,
        source=words,
        reader=reader,
        licence="CC0",
    )
    net = nn.Flatten()
    np.testing.assert_array_equal(
        retrieval.embed(net, catalog, size=4), retrieval.embed(net, PIXELS[:, :, :4, :4])
    )
    with pytest.raises(ValueError, match="a catalogue needs a size"):
        retrieval.embed(net, catalog)


@pytest.mark.parametrize(
    ("pixels", "size", "message"),
    [
        (PIXELS / 255, None, r"dtype float64; expected uint8 \(n, 3, height, width\)"),
        (PIXELS.transpose(0, 2, 3, 1), None, r"shape \(11, 8, 8, 3\)"),
        (PIXELS[:0], None, "n above 0"),
        (PIXELS, 8, "leave it out"),
    ],
)
def test_refuses(pixels, size, message):
    with pytest.raises(ValueError, match=message):
        retrieval.embed(nn.Flatten(), pixels, size)


class Gives(nn.Module):
    """A model whose output is made by a function of its pooled pictures (b, 3)."""

    def __init__(self, change):
        super().__init__()
        self.change = change

    def forward(self, images):
        return self.change(images.mean(dim=(2, 3)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: (x, x), r"returns a tuple, expected one tensor \(11, d\)"),
        (lambda x: {"embedding": x}, "returns a dict, expected one tensor"),
        (lambda x: x[:, :, None, None], r"returns torch.float32 \(11, 3, 1, 1\), .*nn.Flatten"),
        (lambda x: x[:, 0], r"returns torch.float32 \(11,\)"),
        (lambda x: x[:4], r"returns torch.float32 \(4, 3\)"),
        (lambda x: x.argmax(1, keepdim=True), r"returns torch.int64 \(11, 1\)"),
    ],
)
def test_a_model_that_returns_no_embeddings_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        retrieval.embed(Gives(change), PIXELS)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_a_model_of_another_precision_gets_its_pictures_in_it(kind):
    rows = retrieval.embed(model().to(kind), PIXELS)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, retrieval.embed(model(), PIXELS), atol=0.02)


def test_embeds_what_a_bank_holds_as_the_whole_network_does_the_pixels():
    catalog = Catalog(
        name="dots",
        item=np.arange(5),
        domain=np.zeros(5, int),
        split=np.full(5, "query"),
        category=np.full(5, "dot"),
        source=np.arange(5).astype(str),
        reader=dots,
        licence="CC0",
    )
    stem, tail = cut(trunk("lite0", pretrained=False), after=3)
    head = nn.Sequential(tail, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    held = retrieval.embed(head, FeatureBank(catalog, stem, 32), batch=2)
    whole = retrieval.embed(nn.Sequential(stem, head), catalog, 32, raw=True)
    assert held.shape == (5, 1280)
    np.testing.assert_allclose(held, whole, atol=2e-2)  # float16 maps
    levels = pyramid(trunk("lite0", pretrained=False), (3, 4), pool=True)

    class Second(nn.Module):
        def forward(self, maps):
            return maps[1]

    assert retrieval.embed(Second(), FeatureBank(catalog, levels, 32)).shape == (5, 112)
