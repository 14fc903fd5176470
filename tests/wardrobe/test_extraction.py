from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.ndimage import binary_erosion

from fashret_utils.datasets.five_categories import ShopReader, five_category_shop
from fashret_utils.wardrobe import Wardrobe
from fashret_utils.wardrobe.extraction import CUTS, CutReader, cut_out

SIZE = 48


@pytest.fixture(scope="module")
def pictures():
    wardrobe = Wardrobe(seed=3, items=8, street_pictures=2, shop_views=("front",))
    return wardrobe, wardrobe.catalog()


def read(catalog, cut):
    cut = cut_out(catalog, cut)
    return cut.reader(cut, np.arange(len(cut)), SIZE).transpose(0, 2, 3, 1)


def test_photo_is_the_catalogue_itself_and_product_its_shop_picture(pictures):
    wardrobe, catalog = pictures
    street = catalog.where(domain="street")
    assert cut_out(street, "photo") is street
    expected = [wardrobe.picture(int(item), "shop", 0, SIZE) for item in street.item]
    assert np.array_equal(read(street, "product"), expected)


def test_shop_rows_stay_as_they_are(pictures):
    shop = pictures[1].where(domain="shop")
    for cut in CUTS:
        assert np.array_equal(read(shop, cut), read(shop, "photo"))


def test_mask_leaves_the_garment_on_white_and_box_what_is_around_it(pictures):
    wardrobe, catalog = pictures
    street = catalog.where(domain="street")
    masked, boxed = read(street, "mask"), read(street, "box")
    for i, source in enumerate(street.source):
        item, domain, index = source.split(":")
        truth = wardrobe.truth(int(item), domain, int(index), 2 * SIZE)
        x1, y1, x2, y2 = truth.box
        share = truth.mask.mean() * (2 * SIZE) ** 2 / max(x2 - x1, y2 - y1) ** 2 / 1.12**2
        white = (masked[i] > 245).all(axis=2)
        assert 1 - white.mean() == pytest.approx(share, abs=0.12)
        assert (boxed[i] > 245).all(axis=2).mean() <= white.mean() + 0.02
        # the garment fills the longer side but for the margin
        inked = ~white
        reach = max(np.ptp(np.flatnonzero(inked.any(axis=axis))) + 1 for axis in (0, 1))
        assert 0.75 * SIZE < reach <= SIZE
        # where the garment is seen, away from its outline, both show the same
        inside = binary_erosion(inked, iterations=3)
        apart = np.abs(masked[i].astype(int) - boxed[i]).max(axis=2)[inside]
        assert inside.sum() > 30
        assert (apart < 8).mean() > 0.9


def test_a_hidden_garment_leaves_the_photo_and_a_white_picture(pictures, monkeypatch):
    wardrobe, catalog = pictures
    street = catalog.where(domain="street").take(np.arange(1))
    truth = wardrobe.truth(0, "street", 0, 2 * SIZE)
    nothing = replace(truth, mask=np.zeros_like(truth.mask), box=(-1.0, -1.0, -1.0, -1.0))
    monkeypatch.setattr(Wardrobe, "truth", lambda *_: nothing)
    assert (read(street, "mask") == 255).all()
    difference = np.abs(read(street, "box").astype(int) - wardrobe.picture(0, "street", 0, SIZE))
    assert difference.mean() < 12


def test_rows_of_a_shop_are_cut_and_cached_apart(tmp_path, monkeypatch):
    monkeypatch.setenv("FASHRET_CACHE", str(tmp_path))
    query = five_category_shop(5, queries=1, val=0, absent=0).where(split="query")
    sheets = {cut: cut_out(query, cut).pixels(SIZE) for cut in CUTS}
    assert len({sheet.tobytes() for sheet in sheets.values()}) == len(CUTS)
    assert len(list(tmp_path.glob("pixels/*"))) == len(CUTS)
    mixed = cut_out(query, "mask").take(np.array([3, 1]))
    assert np.array_equal(mixed.pixels(SIZE), sheets["mask"][[3, 1]])
    assert cut_out(query, "box").hash != cut_out(query, "mask").hash


def test_unknown_cuts_and_catalogues_without_truth_are_refused(pictures):
    catalog = pictures[1]
    with pytest.raises(ValueError, match="photo, box, mask, product"):
        cut_out(catalog, "crop")
    blind = replace(
        catalog, reader=lambda catalog, rows, size: np.zeros((len(rows), 3, size, size))
    )
    with pytest.raises(ValueError, match="no ground-truth masks"):
        cut_out(blind, "mask")
    assert cut_out(blind, "photo") is blind  # a photo as it is needs no truth


def test_the_state_of_files_behind_a_reader_is_passed_on():
    base = SimpleNamespace(fingerprint=lambda catalog: "state of the files")
    assert CutReader(base, "box").fingerprint(None) == "state of the files"
    assert ShopReader(base).fingerprint(None) == "state of the files"
