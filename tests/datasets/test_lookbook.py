"""LookBook: file names say product and side; items are drawn for the test."""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fashret_utils import datasets
from fashret_utils.data.columns import SHOP, STREET

NAME = "lookbook"


@pytest.fixture
def root(tmp_path, picture):
    count = 0
    for product in range(10):
        for clean in (0, 0, 1) if product != 9 else (0,):
            name = f"PID{product:06}_CLEAN{clean}_IID{count:06}.jpg"
            picture(f"{NAME}/data/{name}", 20 * product, mode="L", quality=95)
            count += 1
    picture(f"{NAME}/data/PID000003_CLEAN1_IID{count:06}.jpg", (60, 0, 0), quality=95)
    (tmp_path / NAME / "data/._PID000003_CLEAN1_IID000000.jpg").write_bytes(b"")
    return tmp_path


def test_names_say_product_and_side(root):
    catalog = datasets.load(NAME, root)
    assert len(catalog) == 29
    assert [SHOP if "CLEAN1" in source else STREET for source in catalog.source] == (
        catalog.domain.tolist()
    )
    assert [int(source[3:9]) for source in catalog.source] == catalog.item.tolist()
    summary = catalog.summary()
    assert summary.loc[("query", "street"), "items"] == 2
    assert summary.loc[("gallery", "shop"), "items"] == 2
    assert summary.loc[("val", "shop"), "items"] == 1
    assert catalog.where(item=9).split.tolist() == ["train"]  # it has no clean picture
    assert len(catalog.where(item=3, domain="shop")) == 2
    grey = catalog.where(item=5).pixels(4)
    assert np.abs(grey.astype(int) - 100).max() < 4


def test_the_draw_depends_on_the_seed_alone(root):
    splits = [datasets.load(NAME, root, seed=seed).split.tolist() for seed in (0, 0, 1)]
    assert splits[0] == splits[1] != splits[2]
    whole = datasets.load(NAME, root, val=0, test=1)
    assert set(whole.where(split="train").item) == {9}
    with pytest.raises(ValueError, match=r"0 to 1 together; not 0\.6, 0\.6"):
        datasets.load(NAME, root, val=0.6, test=0.6)


def test_other_names_are_reported(root, picture):
    picture(f"{NAME}/data/cover.png")
    with pytest.warns(UserWarning, match=r"left out 1 pictures .* cover\.png"):
        assert len(datasets.load(NAME, root)) == 29
    (root / NAME / "data/PID000000_CLEAN0_IID000001.jpg").write_bytes(b"x")
    report = datasets.verify(NAME, root / NAME)
    assert report.damaged == ["PID000000_CLEAN0_IID000001.jpg"]
    for line in (
        "clean pictures: 10 (published: 9,732)",
        "photos: 19 (published: 75,016)",
        "items without a clean picture: 1",
        "items with several: 1",
        "cover.png",
    ):
        assert line in str(report)


parts = st.sampled_from(
    ["PID", "000012", "_CLEAN", "0", "1", "2", "_IID", "000007", ".jpg", ".gif"]
)
NAMES = {f"PID000012_CLEAN{side}_IID{image}.jpg" for side in "01" for image in ("000007", "000012")}
whole = st.sampled_from(sorted(NAMES)) | st.lists(parts, min_size=2, max_size=9).map("".join)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=whole)
def test_fuzz_a_picture_is_catalogued_or_named(root, name):
    path = root / NAME / "data" / name
    path.touch()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        catalog = datasets.load(NAME, root)
    path.unlink()
    if name in NAMES:
        assert name in catalog.source
        assert not caught
    else:
        assert len(catalog) == 29
        assert bool(caught) == (path.suffix in (".jpg", ".gif") and not name.startswith("."))
        assert all(name in str(warning.message) for warning in caught)
