"""Own photos: kept models search as the network does, in PyTorch, as ONNX, and behind a panel."""

import gzip
import hashlib
import io
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator
from PIL import Image

from fashret_utils import backbones, chapters, own_photo, retrieval
from fashret_utils.augment import MEAN
from fashret_utils.own_photo import answers, pages
from fashret_utils.training import Run
from fashret_utils.wardrobe import Wardrobe

SIZE = 32


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A network before training, kept with a gallery of 8 garments: model, catalogue, archive."""
    folder = tmp_path_factory.mktemp("models")
    catalog = Wardrobe(seed=1, items=12, split=(3, 1, 8), street_pictures=1).catalog()
    run = Run(
        "00_street_to_shop",
        data=catalog.name,
        arm="toy",
        scale="smoke",
        seed=3,
        device="cpu",
        results=folder / "results",
    )
    model = backbones.build("small", dim=16, width=8, seed=0)
    return model, catalog, own_photo.keep(run, model, catalog, SIZE, folder)


def gallery_of(catalog):
    gallery = catalog.where(split="gallery")
    return gallery.take(np.unique(gallery.item, return_index=True)[1])


def test_a_kept_model_compares_as_the_network_does(kept):
    model, catalog, archive = kept
    gallery, query = gallery_of(catalog), catalog.where(split="query")
    expected = retrieval.embed(model, query, SIZE) @ retrieval.embed(model, gallery, SIZE).T
    pixels = torch.from_numpy(np.array(query.pixels(SIZE))).float()
    with torch.inference_mode():
        found = archive.search()(pixels)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)
    assert archive.gallery == [
        f"{c}, item {i}" for c, i in zip(gallery.category, gallery.item, strict=True)
    ]
    assert own_photo.archives(Path(archive.folder).parents[3]) == [archive]


def test_onnx_gives_the_same_similarities(kept):
    _, catalog, archive = kept
    exported = onnx.load_from_string(pages.onnx_bytes(archive))
    onnx.checker.check_model(exported)
    pixels = np.array(catalog.where(split="query").pixels(SIZE)[:3]).astype(np.float32)
    (found,) = ReferenceEvaluator(exported).run(["similarities"], {"pixels": pixels})
    with torch.inference_mode():
        expected = archive.search()(torch.from_numpy(pixels)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_gallery_picture_finds_itself_and_says_where_it_looked(kept):
    model, catalog, archive = kept
    gallery = gallery_of(catalog)
    photo = Image.fromarray(gallery.pixels(SIZE)[5].transpose(1, 2, 0))
    found = own_photo.answer(archive, photo, k=3)
    assert found.rows[0] == 5
    assert found.similarities[0] == pytest.approx(1, abs=1e-5)
    assert (np.diff(found.similarities) <= 0).all()
    picture = gallery.pixels(SIZE)[5].copy()
    window = SIZE // 4
    picture[:, SIZE - window :, :window] = np.round(255 * np.array(MEAN)).reshape(3, 1, 1)
    hidden = retrieval.embed(model, picture[None]) @ retrieval.embed(model, gallery, SIZE)[5]
    assert found.region.shape == (answers.WINDOWS, answers.WINDOWS)
    assert found.region[-1, 0] == pytest.approx(1 - hidden[0], abs=2e-3)
    titles = [axes.get_title(loc="left") for axes in found.figure().axes]
    assert titles[:3] == ["your photo", "what mattered", "1: 1.00"]


def test_windows_cover_the_picture_one_at_a_time():
    pixels = torch.arange(3 * 16 * 16, dtype=torch.float32).view(3, 16, 16)
    copies = answers.occluded(pixels)
    changed = (copies != pixels).all(dim=1)  # (windows, 16, 16)
    assert len(copies) == answers.WINDOWS**2
    assert changed.sum(dim=(1, 2)).tolist() == [16] * len(copies)
    assert changed.any(dim=0).all()
    grey = copies[changed.unsqueeze(1).expand_as(copies)].view(-1, 3, 16)
    assert torch.allclose(grey, 255 * torch.tensor(MEAN).view(3, 1).expand_as(grey))


def test_the_middle_square_of_a_photo_upright():
    wide = np.zeros((40, 80, 3), np.uint8)
    wide[:, 20:60] = (200, 100, 50)
    middle = answers.square(Image.fromarray(wide), 16)
    inside = middle[:, 2:-2].astype(int)  # at the cut the filter reaches over it
    assert abs(inside - (200, 100, 50)).max() <= 2
    turned = Image.fromarray(np.zeros((8, 8, 3), np.uint8))
    turned.paste((255, 255, 255), (0, 0, 8, 4))  # white above
    exif = turned.getexif()
    exif[0x0112] = 6  # the camera was turned: what is stored above belongs to the right
    buffer = io.BytesIO()
    turned.save(buffer, "PNG", exif=exif)
    upright = answers.square(buffer.getvalue(), 8)
    assert upright[:, 4:].min() == 255
    assert upright[:, :4].max() == 0
    with pytest.raises(ValueError, match="no picture that can be read"):
        answers.square(b"a text", 16)


def test_the_panel_answers_an_upload(kept, tmp_path):
    _, catalog, archive = kept
    with pytest.raises(FileNotFoundError, match="no chapter has kept a model yet"):
        own_photo.panel(tmp_path)
    model, upload, shown = own_photo.panel(Path(archive.folder).parents[3], k=2).children
    assert model.value == archive
    gallery = gallery_of(catalog)
    buffer = io.BytesIO()
    Image.fromarray(gallery.pixels(SIZE)[2].transpose(1, 2, 0)).save(buffer, "PNG")
    answers_to = {b"a text": "no picture that can be read", buffer.getvalue(): archive.gallery[2]}
    for content, expected in answers_to.items():
        file = {"name": "photo", "type": "image/png", "size": len(content)}
        file["last_modified"] = datetime(2026, 1, 2, tzinfo=UTC)
        upload.value = ({**file, "content": memoryview(content)},)
        assert expected in shown.value


def test_the_page_loads_what_it_says_and_only_from_the_site(kept, tmp_path):
    _, _, archive = kept
    page = pages.write(tmp_path, tmp_path, Path(archive.folder).parents[3]).read_text()
    weight = (tmp_path / "own-photo/load.js").stat().st_size
    document = (tmp_path / "own-photo/index.html").read_text(encoding="utf-8")
    assert f"Load the model ({weight / 1e6:.1f} MB)" in document
    assert 'src="../_static/own-photo/index.html"' in page
    assert "`toy` of {doc}`/notebooks/00_street_to_shop`, scale smoke" in page
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=[\"'](?!data:)", document)
    assert "kept no model" in pages.write(tmp_path, tmp_path, tmp_path / "none").read_text()


def test_the_runtime_is_the_file_its_readme_names():
    vendor = chapters.book_root() / "book/_vendor/onnxruntime-web"
    readme = (vendor / "README.md").read_text()
    listed = re.findall(r"\| `([\w.-]+)` \| .* \| (\d+) \| `([0-9a-f]{64})` \|", readme)
    assert len(listed) == 3
    for name, size, checksum in listed:
        content = (vendor / name).read_bytes()
        content = gzip.decompress(content) if name.endswith(".gz") else content
        assert len(content) == int(size)
        assert hashlib.sha256(content).hexdigest() == checksum
