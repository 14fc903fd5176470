"""Batches: deterministic by step, every item in both domains, the same bytes by every path."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fashret_utils.data.augment import MEAN, STD, Augment, normalise
from fashret_utils.data.batches import Batches
from fashret_utils.data.catalog import Catalog
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.data.samplers import ItemSampler, ShuffleSampler, sampler

STILL = Augment(
    flip=0, zoom=(1, 1), shift=0, brightness=0, contrast=0, saturation=0, tint=0, erase=0
)


def noise(catalog, rows, size):
    seeds = catalog.source[rows].astype(int)
    shape = (3, size, size)
    return np.stack([np.random.default_rng(s).integers(0, 256, shape, np.uint8) for s in seeds])


def catalog(counts=((2, 1),) * 12, split="train"):
    """Items with the given numbers of (street, shop) pictures; rows are not grouped by item."""
    item = np.concatenate([np.full(a + b, i) for i, (a, b) in enumerate(counts)])
    domain = np.concatenate([[STREET] * a + [SHOP] * b for a, b in counts])
    shuffle = np.random.default_rng(0).permutation(len(item))
    return Catalog(
        name="noise",
        item=item[shuffle] + 100,
        domain=domain[shuffle],
        split=np.full(len(item), split),
        category=np.full(len(item), ""),
        source=np.arange(len(item)).astype(str),
        attributes=item[shuffle, None] % 7,
        attribute_names=("week",),
        reader=noise,
        licence="none",
    )


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FASHRET_CACHE", str(tmp_path))


def test_a_batch_is_the_catalogs_rows_item_by_item_street_then_shop():
    data = catalog()
    batch = Batches(data, 6, items=5, steps=3, augment=None).at(1)
    rows = batch.rows.numpy()
    assert batch.images.shape == (10, 3, 6, 6)
    assert batch.items.tolist() == data.item[rows].tolist()
    assert batch.attributes.tolist() == data.attributes[rows].tolist()
    assert batch.domains.tolist() == [STREET, SHOP] * 5
    pairs = batch.items.view(5, 2)
    assert (pairs[:, 0] == pairs[:, 1]).all()
    assert len(pairs[:, 0].unique()) == 5
    expected = (data.pixels(6)[rows] / 255 - np.array(MEAN)[:, None, None]) / np.array(STD)[
        :, None, None
    ]
    np.testing.assert_allclose(batch.images.numpy(), expected, atol=1e-6)
    assert batch.images.is_contiguous(memory_format=torch.channels_last)


@settings(deadline=None, max_examples=60)
@given(
    counts=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), min_size=6, max_size=15),
    pictures=st.integers(2, 6),
    step=st.integers(0, 50),
)
def test_cross_domain_batches_hold_both_domains_without_needless_repeats(counts, pictures, step):
    data = catalog(tuple(counts))
    if pictures > max(a + b for a, b in counts):
        with pytest.raises(ValueError, match="would repeat pictures"):
            ItemSampler(data, 3, pictures, cross_domain=True)
        return
    rows = ItemSampler(data, 3, pictures, cross_domain=True).rows(step).reshape(3, pictures)
    assert len(np.unique(data.item[rows[:, 0]])) == 3
    for row in rows:
        assert len(set(data.item[row])) == 1
        assert data.domain[row[:2]].tolist() == [STREET, SHOP]
        available = sum(counts[data.item[row[0]] - 100])
        assert len(set(row)) == min(pictures, available)


def test_an_epoch_sees_every_item_once_and_processes_share_it():
    data = catalog()
    shares = [ItemSampler(data, 2, 2, cross_domain=True, rank=r, world=3) for r in range(3)]
    assert shares[0].steps_per_epoch == 2
    seen = [data.item[s.rows(step)[::2]] for step in range(2) for s in shares]
    assert sorted(np.concatenate(seen)) == list(range(100, 112))
    alone = ItemSampler(data, 6, 2, cross_domain=True)
    together = np.concatenate([data.item[s.rows(3)[::2]] for s in shares])
    assert data.item[alone.rows(3)[::2]].tolist() == together.tolist()
    assert alone.rows(0).tolist() != alone.rows(2).tolist()  # another epoch, another order


def test_every_picture_of_an_item_is_drawn_equally_often():
    data = catalog(((3, 2),) * 4)
    drawn = np.concatenate(
        [ItemSampler(data, 4, 2, cross_domain=True).rows(step) for step in range(600)]
    )
    count = np.bincount(drawn, minlength=20)
    assert (abs(count[data.domain == STREET] - 200) < 50).all()  # 600 / 3, standard deviation 11.5
    assert (abs(count[data.domain == SHOP] - 300) < 50).all()


def test_pk_ignores_domains_and_shuffle_ignores_items():
    data = catalog(((2, 0), (0, 3), (4, 0), (1, 1)))
    rows = sampler("pk", data, 4, 2, seed=1).rows(0).reshape(4, 2)
    assert sorted(data.item[rows[:, 0]]) == [100, 101, 102, 103]
    assert (data.item[rows[:, 0]] == data.item[rows[:, 1]]).all()
    assert (rows[:, 0] != rows[:, 1]).all()
    shuffled = ShuffleSampler(data, 5, seed=1)
    assert shuffled.steps_per_epoch == 2
    epoch = np.concatenate([shuffled.rows(2), shuffled.rows(3)])
    assert len(set(epoch)) == 10


def test_a_batch_depends_on_seed_step_and_rank_only():
    data = catalog()
    make = {"items": 4, "steps": 40}
    batches = Batches(data, 6, **make)
    run = list(batches)
    assert len(run) == len(batches) == 40
    fresh = Batches(data, 6, **make)
    for step in (39, 0, 7):  # any order, and one that has not seen the steps before
        assert torch.equal(fresh.at(step).images, run[step].images)
        assert torch.equal(fresh.at(step).rows, run[step].rows)
    assert not torch.equal(run[0].images, run[1].images)
    other = Batches(data, 6, **make, seed=1).at(0)
    assert not torch.equal(other.rows, run[0].rows)
    torch.manual_seed(5)
    torch.rand(3)  # the global generator plays no part
    assert torch.equal(Batches(data, 6, **make).at(7).images, run[7].images)
    with pytest.raises(IndexError, match="step 40 is outside 0 to 39"):
        batches.at(40)


def test_resident_and_mapped_pixels_give_the_same_bytes():
    data = catalog().where(item=range(102, 110))  # rows scattered in the stored pixels
    mapped, resident = (Batches(data, 6, items=4, steps=3, resident=flag) for flag in (False, True))
    for one, other in zip(mapped, resident, strict=True):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.rows, other.rows)


def test_training_on_test_rows_is_refused():
    with pytest.raises(ValueError, match=r"36 rows of 'noise' are test rows \(row 0 is 'query'\)"):
        Batches(catalog(split="query"), 6, items=2, steps=1)
    assert len(Batches(catalog(split="val"), 6, items=2, steps=1).at(0)) == 4


@pytest.mark.parametrize(
    ("counts", "options", "message"),
    [
        (((1, 1),) * 5, {"items": 6}, r"6 items x 1 process\(es\) needs 6 items, 'noise' has 5"),
        (((1, 1),) * 5, {"items": 3, "world": 2}, "needs 6 items, 'noise' has 5"),
        (((1, 1), (2, 0), (2, 0)), {"items": 2}, r"2 of 3 items .* no shop picture \(items 101, 1"),
        (((1, 1), (0, 2)), {"items": 2}, r"1 of 2 items .* no street picture \(items 101\)"),
        (((1, 1),) * 5, {"items": 2, "pictures": 1}, "needs at least 2 an item"),
        (((1, 1),) * 5, {"items": 2, "pictures": 3}, "no item of 'noise' has more than 2"),
        (((1, 1),) * 5, {"items": 6, "sampler": "shuffle"}, "12 pictures x .* 'noise' has 10"),
        (((1, 1),) * 5, {"items": 0}, "items must be at least 1, not 0"),
        (((1, 1),) * 5, {"items": 2, "sampler": "random"}, "choose one of cross-domain, pk, shuf"),
    ],
)
def test_a_catalogue_that_does_not_suffice_is_named(counts, options, message):
    with pytest.raises(ValueError, match=message):
        Batches(catalog(counts), 6, steps=1, **options)


def pictures(batch=64, size=12):
    generator = torch.Generator().manual_seed(3)
    return torch.randint(0, 256, (batch, 3, size, size), generator=generator, dtype=torch.uint8)


def drawn(augment, x, seed=0):
    """The augmented pictures, back in 0..1."""
    y = augment(x, torch.Generator().manual_seed(seed))
    return y * torch.tensor(STD)[:, None, None] + torch.tensor(MEAN)[:, None, None]


def test_no_change_is_normalisation():
    x = pictures()
    generator = torch.Generator().manual_seed(0)
    assert torch.allclose(STILL(x, generator), normalise(x), atol=2e-5)


def changed(**options):
    return Augment(**{**vars(STILL), **options})


def test_flip_mirrors_about_half_of_the_pictures():
    x = pictures()
    y = drawn(changed(flip=0.5), x)
    same = torch.isclose(y, x / 255, atol=1e-4).flatten(1).all(1)
    mirrored = torch.isclose(y, x.flip(-1) / 255, atol=1e-4).flatten(1).all(1)
    assert (same ^ mirrored).all()
    assert 20 <= mirrored.sum() <= 44
    assert torch.isclose(drawn(changed(flip=1), x), x.flip(-1) / 255, atol=1e-4).all()


def test_zoom_cuts_the_middle_and_shift_moves_by_its_part_of_the_side():
    x = pictures(size=12)
    y = drawn(changed(zoom=(0.5, 0.5)), x)
    middle = torch.nn.functional.interpolate(
        x[:, :, 2:10, 2:10] / 255, scale_factor=2, mode="bilinear"
    )
    assert torch.allclose(y, middle[:, :, 2:14, 2:14], atol=1e-4)
    ramp = torch.arange(12, dtype=torch.uint8).mul(20).expand(64, 3, 12, 12).contiguous()
    moved = drawn(changed(shift=0.25), ramp) * 255 / 20 - torch.arange(12)  # in pixels
    shift = moved[:, 0, 6, 5]
    assert shift.abs().max() <= 3 + 1e-4  # 0.25 of 12 pixels
    assert shift.min() < -2
    assert shift.max() > 2
    assert torch.allclose(moved[:, :, :, 4:8], shift[:, None, None, None], atol=1e-3)


def test_colour_changes_stay_in_their_ranges():
    grey = torch.full((64, 3, 4, 4), 100, dtype=torch.uint8)
    factor = drawn(changed(brightness=0.3), grey)[:, 0, 0, 0] * 255 / 100
    assert 0.7 <= factor.min() < 0.8
    assert 1.2 < factor.max() <= 1.3
    y = drawn(changed(contrast=0.5), grey)[:, 0, 0, 0]
    factor = (y - 0.5) / (100 / 255 - 0.5)  # contrast is about mid-grey
    assert 0.5 <= factor.min() < 0.65
    assert 1.35 < factor.max() <= 1.5
    assert torch.allclose(drawn(changed(saturation=0.5), grey), grey / 255, atol=1e-5)
    ratio = drawn(changed(tint=0.1), grey)[:, :, 0, 0] * 255 / 100
    assert 0.9 <= ratio.min() < 0.93
    assert 1.07 < ratio.max() <= 1.1
    assert (ratio.std(1) > 0).all()
    red = torch.tensor([200, 50, 50], dtype=torch.uint8)[:, None, None].expand(64, 3, 4, 4)
    y = drawn(changed(saturation=0.5), red)[:, :, 0, 0]
    luma = torch.tensor([0.299, 0.587, 0.114])
    assert torch.allclose(y @ luma, red[:, :, 0, 0] / 255 @ luma, atol=1e-4)
    spread = (y[:, 0] - y[:, 1]) * 255 / 150
    assert 0.5 <= spread.min() < 0.65
    assert 1.35 < spread.max() <= 1.5
    assert drawn(Augment(brightness=1.0), pictures()).max() <= 1 + 1e-5


def test_erase_paints_a_box_of_the_mean_colour():
    x = torch.full((64, 3, 20, 20), 255, dtype=torch.uint8)
    augment = changed(erase=0.5, erase_side=(0.2, 0.4))
    erased = augment(x, torch.Generator().manual_seed(0)) == 0
    assert (erased.all(1) == erased.any(1)).all()
    boxes = erased[:, 0]
    hit = boxes.flatten(1).any(1)
    assert 20 <= hit.sum() <= 44
    height = boxes.any(2).sum(1)[hit]
    width = boxes.any(1).sum(1)[hit]
    assert (boxes.flatten(1).sum(1)[hit] == height * width).all()  # one full box
    assert min(height.min(), width.min()) >= 3
    assert max(height.max(), width.max()) <= 9


def test_blur_keeps_the_sum_and_spreads_a_dot():
    x = torch.zeros((4, 3, 7, 7), dtype=torch.uint8)
    x[:, :, 3, 3] = 160
    y = drawn(changed(blur=1.0), x) * 255
    kernel = torch.tensor([1.0, 2, 1])
    assert torch.allclose(y[:, :, 2:5, 2:5], 10 * kernel[:, None] * kernel, atol=1e-2)
    assert torch.allclose(y.sum((2, 3)), torch.tensor(160.0), atol=0.1)


def test_wrong_pictures_and_ranges_are_refused():
    with pytest.raises(
        ValueError, match=r"expected uint8 pictures \(B, 3, S, S\), not torch.float"
    ):
        normalise(torch.zeros(2, 3, 4, 4))
    with pytest.raises(ValueError, match="flip must be from 0 to 1, not 2"):
        Augment(flip=2)
    with pytest.raises(ValueError, match="zoom must be 0 < low <= high"):
        Augment(zoom=(1.2, 0.8))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_streamed_and_resident_batches_agree_on_a_gpu():
    data = catalog()
    streamed, resident = (
        Batches(data, 6, items=4, steps=5, device="cuda", resident=flag) for flag in (False, True)
    )
    for one, other in zip(streamed, resident, strict=True):
        assert torch.equal(one.images, other.images)
    assert torch.equal(streamed.at(2).images, resident.at(2).images)
