"""The recipe of the practitioner's page as it stands there, on real garments and on a mess."""

import csv
import os
import re
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fashret_utils import datasets, own_photo
from fashret_utils.data.decoding import PictureError
from fashret_utils.wardrobe import Wardrobe

PAGE = (Path(__file__).resolve().parents[2] / "book/practice.md").read_text(encoding="utf-8")
(RECIPE,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
SHOP_VIEWS = Path(os.environ.get("FASHRET_DATA", "nowhere")) / "shop-views"
ITEMS = 12


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache for all tests of this file: the trunk is exported once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def place(tmp_path, cache, monkeypatch):
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FASHRET_CACHE", str(cache))
    return tmp_path


@pytest.fixture(scope="module")
def drawn():
    """Street and shop picture of each of some garments: uint8 (96, 96, 3)."""
    split = (ITEMS - 2, 1, 1)
    rows = Wardrobe(seed=3, items=ITEMS, split=split, street_pictures=1).catalog()
    pixels = rows.pixels(96).transpose(0, 2, 3, 1)
    first = {}
    for row in range(len(rows)):
        first.setdefault((int(rows.item[row]), int(rows.domain[row])), pixels[row])
    return first


@pytest.fixture
def mess(place, drawn):
    """A folder as people have them."""
    root = place / "my-photos"

    def put(name, picture, mode="RGB", **options):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).convert(mode).save(path, **options)
        return path

    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned by 90 degrees to the right
    for (item, domain), picture in drawn.items():
        folder = f"Größe {item:02} – Kleid/{('street', 'shop')[domain]}"
        if item == 0:
            put(f"{folder}/IMG 1.JPG", np.rot90(picture), exif=turned, quality=95)
        elif item == 1:
            put(f"{folder}/vierfarbig.jpg", picture, "CMYK", quality=95)
        elif item == 2:
            put(f"{folder}/palette.gif", picture, "P")
        elif item == 3:
            deep = Image.fromarray(picture).convert("L")
            path = root / folder / "deep.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.asarray(deep).astype(np.uint16) * 257).save(path)
        elif item == 4:
            clear = np.dstack([picture, np.full((96, 96), 255, np.uint8)])
            clear[:20, :, 3] = 0
            put(f"{folder}/clear.png", clear, "RGBA")
        else:
            put(f"{folder}/Ärmel & Co.png", picture)
    put("alone/shop/1.jpg", drawn[5, 1])
    (root / "empty/street").mkdir(parents=True)
    (root / "Größe 06 – Kleid/street/torn.jpg").write_bytes(
        (root / "Größe 00 – Kleid/street/IMG 1.JPG").read_bytes()[:400]
    )
    (root / "Größe 06 – Kleid/street/notes.txt").write_text("ask the supplier")
    (root / "Größe 06 – Kleid/street/web page.png").write_text("<html>")
    shutil.copy(root / "Größe 07 – Kleid/street/Ärmel & Co.png", place / "new-photo.jpg")
    return root


def run(recipe=RECIPE):
    names = {}
    exec(compile(recipe, "practice.md", "exec"), names)
    return names


def test_the_recipe_has_twenty_lines_or_so():
    assert len([line for line in RECIPE.splitlines() if line.strip()]) <= 20


def test_the_recipe_takes_a_folder_as_it_is(mess, place, capsys):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        names = run()
    told = [str(warning.message) for warning in said if warning.category is UserWarning]
    text = "\n".join(told)
    assert "left out 1 folders of items, which have no picture: empty" in text
    assert "skipped 2 of 27 pictures" in text
    assert "torn.jpg: truncated, or not a picture" in text
    assert "web page.png" in text
    assert "1 items have pictures of one kind only and teach nothing: alone." in text
    assert not any("notes.txt" in line for line in told)
    assert len(names["photos"]) == 2 * ITEMS + 1
    assert "alone/shop/1.jpg" in names["mine"].shop.source
    out = capsys.readouterr().out
    assert re.search(r"^the trunk hit@1 \d+%, mAP \d+%$", out, re.M)
    assert re.search(r"^your head hit@1 \d+%, mAP \d+%$", out, re.M)
    assert "Größe" in out.splitlines()[-1]
    assert Image.open(place / "found.png").size[0] > 500


def test_pictures_come_as_they_are_meant(mess, drawn):
    photos = datasets.load("folder", mess, on_error="skip")
    pixels = photos.pixels(96).transpose(0, 2, 3, 1).astype(int)
    place = {source: row for row, source in enumerate(photos.source)}
    for item, name, most in (
        (0, "IMG 1.JPG", 4),
        (1, "vierfarbig.jpg", 12),
        (2, "palette.gif", 25),
    ):
        seen = pixels[place[f"Größe {item:02} – Kleid/street/{name}"]]
        assert np.abs(seen - drawn[item, 0]).mean() < most, name
    grey = pixels[place["Größe 03 – Kleid/street/deep.png"]]
    wanted = np.asarray(Image.fromarray(drawn[3, 0]).convert("L")).astype(int)
    assert np.abs(grey[..., 0] - wanted).mean() < 1
    assert pixels[place["Größe 04 – Kleid/street/clear.png"]][:20].min() == 255


@pytest.mark.filterwarnings("ignore")
def test_what_is_looked_up_is_found_and_bad_photos_are_named(mess, place):
    photos = datasets.load("folder", mess, on_error="skip")
    mine = own_photo.OwnItems(photos)
    ranks = mine.look_up(mess / "Größe 02 – Kleid/shop/palette.gif", k=3)
    assert ranks[0] == ("Größe 02 – Kleid/shop/palette.gif", pytest.approx(1, abs=1e-3))
    assert len(ranks) == 3
    assert len(mine.look_up(place / "new-photo.jpg", k=99)) == ITEMS + 1
    with pytest.raises(PictureError, match=r"nowhere\.jpg"):
        mine.look_up(place / "nowhere.jpg")
    with pytest.raises(PictureError, match=r"web page\.png"):
        mine.look_up(mess / "Größe 06 – Kleid/street/web page.png")
    features, items = next(mine.batches(steps=1, items=4))
    assert features.shape == (8, mine.width)
    assert (items[::2] == items[1::2]).all()


def test_too_few_items_are_refused_with_their_number(mess):
    for folder in sorted(mess.iterdir())[2:]:
        shutil.rmtree(folder)
    photos = datasets.load("folder", mess, test=0.5)
    with pytest.raises(ValueError, match=r"folder: 1 items with .* and 1 to test with; expected"):
        own_photo.OwnItems(photos)


@pytest.mark.skipif(not SHOP_VIEWS.is_dir(), reason="shop-views is not on this machine")
def test_the_recipe_learns_from_real_garments(place, capsys):
    views = {}
    with open(SHOP_VIEWS / "items.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            views.setdefault(row["item"], {})[row["view"]] = row["file"]
    both = [item for item, files in sorted(views.items()) if {"main", "back"} <= files.keys()]
    for item in both[:60]:
        for side, view in (("shop", "main"), ("street", "back")):
            folder = place / "my-photos" / item / side
            folder.mkdir(parents=True)
            shutil.copy(SHOP_VIEWS / views[item][view], folder)
    shutil.copy(SHOP_VIEWS / views[both[0]]["back"], place / "new-photo.jpg")
    names = run()
    before, after = names["mine"].search(), names["found"]
    assert after.n_query == 12
    assert after.n_gallery == 60
    assert before.metrics["map"] > 0.3  # chance is under 0.1
    assert after.metrics["map"] > before.metrics["map"] - 0.05
    assert float(names["loss"].detach()) < 1.5
    assert "hit@1" in capsys.readouterr().out
