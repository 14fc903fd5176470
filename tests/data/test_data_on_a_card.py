"""Batches on a graphics card: the same numbers as on the CPU, and no step waits for the card."""

import sys

import fake_cuda
import numpy as np
import pytest
import torch

from fashret_utils.data.augment import Augment, constant, normalise
from fashret_utils.data.bank_batches import BankBatches
from fashret_utils.data.batches import Batches
from fashret_utils.data.catalog import Catalog
from fashret_utils.data.feature_bank import FeatureBank
from fashret_utils.models import pyramid, trunk

BLURRED = Augment(blur=0.5)


def noise(catalog, rows, size):
    seeds = catalog.source[rows].astype(int)
    shape = (3, size, size)
    return np.stack([np.random.default_rng(s).integers(0, 256, shape, np.uint8) for s in seeds])


def catalog(items=6):
    item = np.repeat(np.arange(items), 3)
    return Catalog(
        name="noise",
        item=item,
        domain=np.tile([0, 0, 1], items),
        split=np.full(len(item), "train"),
        category=np.full(len(item), ""),
        source=np.arange(len(item)).astype(str),
        attributes=item[:, None] % 4,
        attribute_names=("week",),
        reader=noise,
        licence="none",
    )


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FASHRET_CACHE", str(tmp_path))


def on_card(batch):
    images = batch.images if isinstance(batch.images, tuple) else (batch.images,)
    tensors = [*images, batch.items, batch.domains, batch.attributes, batch.rows]
    return {tensor.device.type for tensor in tensors} == {"cuda"}


@pytest.mark.parametrize("raw", [False, True], ids=["normalised", "raw"])
@pytest.mark.parametrize("augment", [None, BLURRED], ids=["plain", "augmented"])
@pytest.mark.parametrize("resident", [None, False], ids=["resident", "read ahead"])
def test_batches_are_those_of_the_cpu(card, raw, augment, resident):
    options = {"items": 4, "steps": 3, "augment": augment, "raw": raw}
    data = catalog()
    there = Batches(data, 12, device="cuda", resident=resident, **options)
    here = Batches(data, 12, device="cpu", **options)
    card.waits.clear()
    for batch, other in zip(there, here, strict=True):
        assert on_card(batch)
        assert card.waits == []
        assert torch.equal(batch.images.cpu(), other.images)
        assert torch.equal(batch.rows.cpu(), other.rows)
        assert torch.equal(batch.attributes.cpu(), other.attributes)
        card.waits.clear()


def test_bank_batches_are_those_of_the_cpu(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # its export takes long
    levels = pyramid(trunk("lite0", pretrained=False), pool=True)
    bank = FeatureBank(catalog(), levels, 32, views=2).fill()
    with fake_cuda.numbers() as card:
        there, here = (BankBatches(bank, items=4, steps=2, device=d) for d in ("cuda", "cpu"))
        card.waits.clear()
        for batch, other in zip(there, here, strict=True):
            assert on_card(batch)
            assert card.waits == []
            for mine, theirs in zip(batch.images, other.images, strict=True):
                assert torch.equal(mine.cpu(), theirs)
            card.waits.clear()


@pytest.mark.parametrize("change", [BLURRED, BLURRED.raw], ids=["normalised", "raw"])
def test_a_generator_must_be_on_the_card(card, change):
    pictures = torch.zeros((2, 3, 8, 8), dtype=torch.uint8, device="cuda")
    with pytest.raises(RuntimeError, match="device type for generator"):
        change(pictures, torch.Generator())


def test_shapes_and_types():
    with fake_cuda.shapes():
        pictures = torch.zeros((4, 3, 8, 8), dtype=torch.uint8, device="cuda")
        images = [normalise(pictures), BLURRED(pictures, None)]
        raw = BLURRED.raw(pictures, None)
        assert {(image.dtype, image.shape) for image in images} == {(torch.float32, raw.shape)}
        assert {image.device.type for image in (*images, raw)} == {"cuda"}
        assert raw.dtype == torch.uint8


def test_a_constant_is_float32_wherever_it_is(card):
    here, there = (constant((0.1, 0.2), torch.zeros(1, device=d)) for d in ("cpu", "cuda"))
    assert card.waits == []
    assert here.dtype == there.dtype == torch.float32
    assert there.device.type == "cuda"
    assert torch.equal(here, there.cpu())
