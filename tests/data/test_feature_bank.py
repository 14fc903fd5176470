"""The bank: the stem's maps of each picture and view, made once, shared, and rebuilt when torn."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from fashret_utils.data import SHOP, STREET, Augment, BankBatches, Batches, Catalog, FeatureBank
from fashret_utils.data import feature_bank as module
from fashret_utils.data.views import augmented, view_draws

SIZE = 8


class Stem:
    """Means over quarters, and over all of a picture; counts what it has seen."""

    def __init__(self, name="mean", delay=0.0):
        self.identities = (f"{name} quarters", f"{name} all")
        self.seen, self.delay = [], delay

    @property
    def identity(self):
        return " ".join(self.identities)

    def shapes(self, size):
        return (3, 2, 2), (3,)

    def frozen(self, size):
        def run(pictures):
            time.sleep(self.delay)
            self.seen.append(len(pictures))
            half = pictures.reshape(-1, 3, 2, size // 2, 2, size // 2).mean((3, 5))
            return half.astype(np.float32), half.mean((2, 3)).astype(np.float32)

        return run


class Noise:
    identity = "noise for tests"

    def __call__(self, catalog, rows, size):
        seeds = catalog.source[rows].astype(int)
        shape = (3, size, size)
        return np.stack([np.random.default_rng(s).integers(0, 256, shape, np.uint8) for s in seeds])


def catalog(items=30, split="train"):
    """3 pictures an item, of which the last is the shop's."""
    return Catalog(
        name="noise",
        item=np.repeat(np.arange(items), 3),
        domain=np.tile([STREET, STREET, SHOP], items),
        split=np.full(3 * items, split),
        category=np.full(3 * items, ""),
        source=np.arange(3 * items).astype(str),
        reader=Noise(),
        licence="none",
    )


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("FASHRET_CACHE", str(tmp_path))
    monkeypatch.setattr(module, "CHUNK", 7)
    return tmp_path / "features"


def test_view_0_is_the_picture_and_others_are_changed_by_name():
    data, stem, augment = catalog(), Stem(), Augment(zoom=(0.5, 0.9))
    bank = FeatureBank(data, stem, SIZE, views=3, augment=augment, seed=5)
    rows = np.array([70, 3, 3, 41])
    pixels = data.pixels(SIZE)[rows]
    quarters, means = bank.maps(rows)
    expected = stem.frozen(SIZE)(pixels)
    assert quarters.dtype == torch.float16
    assert quarters.is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_allclose(quarters, expected[0], rtol=1e-3)
    np.testing.assert_allclose(means, expected[1], rtol=1e-3)
    view = np.array([2, 0, 1, 1])
    mixed, _ = bank.maps(rows, view)
    for place, number in enumerate(view):
        picture = pixels[place : place + 1]
        if number:
            draws = view_draws([f"noise\0{data.source[rows[place]]}"], number, 5)
            picture = augmented(augment, picture, draws)
        np.testing.assert_allclose(mixed[place], stem.frozen(SIZE)(picture)[0][0], rtol=1e-3)
    with pytest.raises(IndexError, match="view 3 of a bank with views 0 to 2"):
        bank.maps(rows, 3)
    with pytest.raises(ValueError, match="views must be at least 1, the picture itself, not 0"):
        FeatureBank(data, stem, SIZE, views=0)


def test_subsets_and_later_processes_share_one_bank():
    data, stem = catalog(), Stem()
    part = data.take(np.arange(20, 50))
    bank = FeatureBank(part, stem, SIZE, views=2).fill()
    assert sum(stem.seen) == 60  # 30 pictures in 2 views, no more than was asked
    FeatureBank(data, stem, SIZE, views=2).fill()
    assert sum(stem.seen) == 180  # the others: each once
    again = Stem()
    later = FeatureBank(catalog(), again, SIZE, views=2).fill()
    assert torch.equal(later.maps([22, 31], 1)[0], bank.maps([2, 11], 1)[0])
    FeatureBank(catalog(), again, SIZE, views=1, augment=Augment(flip=0)).fill()
    assert again.seen == []  # view 0 does not depend on the augmentation
    for change in ({"augment": Augment(flip=0)}, {"seed": 1}):
        FeatureBank(catalog(), again, SIZE, views=2, **change).fill()
    assert sum(again.seen) == 180
    FeatureBank(catalog(), Stem("other"), SIZE).fill()
    FeatureBank(catalog(), again, 2 * SIZE).fill()
    assert sum(again.seen) == 270


@pytest.mark.parametrize("damage", ["truncate", "flip", "checksum", "empty"])
def test_what_is_torn_is_made_again(folder, damage):
    data = catalog()
    expected = FeatureBank(data, Stem(), SIZE).fill().maps(np.arange(90))
    path = max(folder.iterdir(), key=lambda p: p.stat().st_size)  # the quarters
    content = bytearray(path.read_bytes())
    if damage == "truncate":
        content = content[:-10]
    elif damage == "flip":
        content[-1] ^= 1
    elif damage == "checksum":
        content[0] ^= 1
    else:
        content = bytearray()
    path.write_bytes(content)
    stem = Stem()
    found = FeatureBank(catalog(), stem, SIZE).maps(np.arange(90))
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
    assert sum(stem.seen) == (1 if damage in ("flip", "checksum") else 90)


def test_a_killed_run_is_gone_on_with():
    code = (
        "import test_feature_bank as t\n"
        "t.module.CHUNK = 4\n"
        "from fashret_utils.data import cache\n"
        "cache.FLUSH_SECONDS = 0.0\n"
        "stem = t.Stem(delay=0.1)\n"
        "t.FeatureBank(t.catalog(), stem, t.SIZE).fill(workers=1)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent)
    files = Path(os.environ["FASHRET_CACHE"]) / "features"
    deadline = time.monotonic() + 60

    def kept():
        tables = [np.fromfile(path, "<u8", 90) for path in files.glob("*.v1")]
        return min((int((table != 0).sum()) for table in tables), default=0)

    while kept() < 12 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    before = kept()
    assert 12 <= before < 90
    stem = Stem()
    found = FeatureBank(catalog(), stem, SIZE).maps(np.arange(90))[0]
    assert 90 - before <= sum(stem.seen) < 90
    np.testing.assert_allclose(found, Stem().frozen(SIZE)(catalog().pixels(SIZE))[0], rtol=1e-3)


def test_batches_have_the_rows_of_batches_of_pixels_and_views_drawn_anew():
    data, stem = catalog(), Stem()
    bank = FeatureBank(data, stem, SIZE, views=3)
    options = {"items": 6, "pictures": 3, "steps": 40, "seed": 2}
    ours, pixels = BankBatches(bank, **options), Batches(data, SIZE, **options)
    assert len(ours) == len(pixels)
    views = []
    for one, other in zip(ours, pixels, strict=True):
        for name in ("rows", "items", "domains", "attributes"):
            assert torch.equal(getattr(one, name), getattr(other, name))
        assert one.stem == bank.identity
        assert other.stem == ""
        maps, means = one.images
        assert maps.dtype == means.dtype == torch.float32
        found = [
            (means == bank.maps(one.rows.numpy(), view)[1].float()).all(1) for view in range(3)
        ]
        assert torch.stack(found).any(0).all()
        views.append(torch.stack(found).int().argmax(0))
    share = torch.bincount(torch.cat(views), minlength=3) / (40 * 18)
    assert (share - 1 / 3).abs().max() < 0.07  # standard deviation 0.018
    fresh = BankBatches(bank, **options)
    assert torch.equal(fresh.at(17).images[0], ours.at(17).images[0])
    plain = BankBatches(bank, **options, augment=False).at(3)
    assert torch.equal(plain.images[0], bank.maps(plain.rows.numpy())[0].float())
    with pytest.raises(IndexError, match="step 40 is outside 0 to 39"):
        ours.at(40)
    with pytest.raises(ValueError, match="90 rows of 'noise' are test rows"):
        BankBatches(FeatureBank(catalog(split="query"), stem, SIZE), items=2, steps=1)


def test_either_kind_of_batch_goes_through_a_stem():
    from fashret_utils.models import cut, trunk

    data = catalog()
    stem, tail = cut(trunk("lite0"), after=4)
    options = {"items": 3, "steps": 2}
    pixels = Batches(data, 32, **options, augment=None, raw=True).at(0)
    banked = BankBatches(FeatureBank(data, stem, 32), **options).at(0)
    assert pixels.images.dtype == torch.uint8
    assert torch.equal(pixels.rows, banked.rows)
    with torch.no_grad():
        live, kept = (stem(batch) for batch in (pixels, banked))
        np.testing.assert_allclose(kept, live, atol=0.02, rtol=2e-3)  # float16
        np.testing.assert_allclose(tail(kept), tail(live), atol=0.05)
    assert Batches(data, 32, **options, raw=True).at(0).images.dtype == torch.uint8
    with pytest.raises(ValueError, match=r"has been through '.*block4.*this stem is '.*block2"):
        cut(trunk("lite0"), after=2)[0](banked)
    with pytest.raises(ValueError, match="expected uint8"):
        stem(Batches(data, 32, **options).at(0))
