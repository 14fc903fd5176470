"""A folder of the reader's own pictures: embedded once, searched, with the usual mess in it."""

import os

import numpy as np
import pytest
import torch
from PIL import Image

from fashret_utils import own_photo
from fashret_utils.__main__ import main
from fashret_utils.models import backbones
from fashret_utils.own_photo import archive as archives
from fashret_utils.training import Run
from fashret_utils.wardrobe import Wardrobe

SIZE = 32


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A network before training, kept where the command line looks for models."""
    monkeypatch.setenv("FASHRET_CACHE", str(tmp_path / "cache"))
    garments = Wardrobe(seed=1, items=8, split=(2, 1, 5), street_pictures=1).catalog()
    names = {"data": garments.name, "arm": "toy", "scale": "smoke", "seed": 0, "device": "cpu"}
    run = Run("00_street_to_shop", **names, results=tmp_path / "results")
    model = backbones.build("small", dim=16, width=8, seed=0)
    monkeypatch.setattr(archives, "models_folder", lambda: tmp_path / "models")
    return own_photo.keep(run, model, garments, SIZE), garments


@pytest.fixture
def folder(kept, tmp_path):
    """Pictures as people have them: in folders, cut out, one torn, a text with a wrong end."""
    rows = kept[1].where(split="gallery", view="front").pixels(96)
    place = tmp_path / "products"
    (place / "dresses").mkdir(parents=True)
    for number, picture in enumerate(rows):
        image = Image.fromarray(picture.transpose(1, 2, 0))
        name = place / "dresses" / f"Dress {number}.JPG" if number % 2 else place / f"{number}.png"
        image.save(name, "JPEG" if number % 2 else "PNG", quality=95)
    Image.fromarray(rows[0].transpose(1, 2, 0)).convert("LA").save(place / "a.png")
    (place / "broken.jpg").write_bytes((place / "dresses" / "Dress 1.JPG").read_bytes()[:300])
    (place / "notes.png").write_text("to do")
    (place / "prices.csv").write_text("0,10")
    return place


def test_a_shop_is_searched_and_bad_files_are_named(kept, folder):
    made, _ = kept
    with pytest.warns(UserWarning, match=r"2 files are no pictures .*broken\.jpg, notes\.png"):
        gallery = own_photo.shop(folder, made, progress=False)
    assert len(gallery.captions) == 6
    np.testing.assert_allclose(np.linalg.norm(gallery.vectors, axis=1), 1, atol=1e-5)
    photo = (folder / "2.png").read_bytes()
    found = own_photo.answer(made, photo, 3, gallery)
    assert found.captions[0] == "2.png"
    assert found.similarities[0] == pytest.approx(1, abs=1e-4)
    thumbnail = gallery.thumbnails([gallery.captions.index("2.png")])[0].astype(int)
    expected = np.asarray(Image.open(folder / "2.png").resize((64, 64), Image.LANCZOS)).astype(int)
    assert np.abs(thumbnail - expected).mean() < 6
    assert len(found.figure().axes) == 5


@pytest.mark.filterwarnings("ignore:.*no pictures")
def test_only_what_is_new_is_embedded_again(kept, folder, monkeypatch):
    made, _ = kept
    counted = []
    embed = made.embed
    monkeypatch.setitem(
        made.__dict__, "embed", lambda pixels: (counted.append(len(pixels)), embed(pixels))[1]
    )
    first = own_photo.shop(folder, made, progress=False)
    assert sum(counted) == 6
    counted.clear()
    Image.new("RGB", (50, 80), "red").save(folder / "new.png")
    (folder / "0.png").unlink()
    os.utime(folder / "2.png", (1, 1))
    second = own_photo.shop(folder, made, progress=False)
    assert sum(counted) == 2
    assert {*second.captions} == {*first.captions} - {"0.png"} | {"new.png"}
    row = [shop.captions.index("a.png") for shop in (first, second)]
    np.testing.assert_array_equal(first.vectors[row[0]], second.vectors[row[1]])


def test_a_folder_without_pictures_is_refused_by_name(kept, tmp_path):
    made, garments = kept
    with pytest.raises(FileNotFoundError, match="nowhere is no folder"):
        own_photo.shop(tmp_path / "nowhere", made)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"empty has no picture that can be read: .*\.jpg"):
        own_photo.shop(tmp_path / "empty", made)
    run = Run("00_street_to_shop", data="d", arm="other", scale="smoke", seed=0, device="cpu")
    model = backbones.build("small", dim=16, width=8, seed=0)
    lifted = [own_photo.Lifted(model, torch.randn(5, 16), query) for query in (True, False)]
    other = own_photo.keep(run, lifted[0], garments, SIZE, of_gallery=lifted[1])
    with pytest.raises(ValueError, match="embeds its gallery in its own way"):
        own_photo.shop(tmp_path, other)
    assert own_photo.choose() == made
    with pytest.raises(ValueError, match="no model has 'resnet' in its name: 00_street"):
        own_photo.choose("resnet")


@pytest.mark.filterwarnings("ignore:.*no pictures")
def test_the_command_line_searches_a_folder(kept, folder, tmp_path, capsys):
    grid = tmp_path / "grid.png"
    place = [str(folder), str(folder / "dresses" / "Dress 3.JPG")]
    assert main(["search", *place, "-k", "2", "--grid", str(grid)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert "toy on wardrobe" in said[0]
    assert said[1].split("  ")[-1].endswith("Dress 3.JPG")
    assert len(said) == 3
    assert Image.open(grid).size[0] > 500
    assert main(["search", str(folder), str(folder / "prices.csv")]) == 2
    assert "prices.csv" in capsys.readouterr().err


def test_the_command_line_names_what_it_cannot_search(kept, folder, tmp_path, capsys):
    photo = str(folder / "2.png")
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts/list.txt").write_text("nothing to see")
    for place, asked, message in (
        ("nowhere", photo, "nowhere is no folder: expected one of product pictures"),
        ("empty", photo, "empty has no picture that can be read: expected files of .bmp"),
        ("texts", photo, "texts has no picture that can be read"),
        ("products", "gone.jpg", "gone.jpg is no file: expected the photo to search with"),
    ):
        assert main(["search", str(tmp_path / place), asked]) == 2
        said = capsys.readouterr().err
        assert said.startswith("error: ")
        assert message in said
        assert len(said.splitlines()) == 1


def test_a_panel_searches_a_shop(kept, folder, tmp_path):
    with pytest.warns(UserWarning, match="no pictures"):
        _, place, field, shown = own_photo.panel(tmp_path / "models", k=2, shop=folder).children
    field._handle_custom_msg({"name": "2.png"}, [memoryview((folder / "2.png").read_bytes())])
    assert [name for name, _ in place.options] == ["your shop"]
    assert "first: 2.png" in shown.value
