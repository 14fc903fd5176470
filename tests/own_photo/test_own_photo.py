"""Own photos: kept models search as the network does, in PyTorch, as ONNX, and behind a panel."""

import gzip
import hashlib
import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from fashret_utils import chapters, own_photo, retrieval
from fashret_utils.data.augment import MEAN, normalise
from fashret_utils.data.decoding import PictureError, open_picture
from fashret_utils.data.letterbox import letterbox
from fashret_utils.models import backbones
from fashret_utils.models.levels import feature_maps
from fashret_utils.own_photo import answers, archive, pages
from fashret_utils.own_photo import compact as compact_weights
from fashret_utils.own_photo.compact import KINDS as WEIGHTS
from fashret_utils.own_photo.compact import compact
from fashret_utils.training import Run
from fashret_utils.wardrobe import Wardrobe

SIZE = 32


def run_in(folder, catalog, arm="toy", scale="smoke"):
    """A run of chapter 00 that has trained nothing."""
    names = {"data": catalog.name, "arm": arm, "scale": scale, "seed": 3}
    return Run("00_street_to_shop", **names, device="cpu", results=folder / "results")


@pytest.fixture(scope="module")
def garments():
    """Street and shop pictures of 12 garments, 8 of them in the test."""
    return Wardrobe(seed=1, items=12, split=(3, 1, 8), street_pictures=1).catalog()


@pytest.fixture(scope="module")
def kept(garments, tmp_path_factory):
    """A network before training, kept with a gallery of 8 garments: model, catalogue, archive."""
    folder = tmp_path_factory.mktemp("models")
    model = backbones.build("small", dim=16, width=8, seed=0)
    archive = own_photo.keep(run_in(folder, garments), model, garments, SIZE, folder=folder)
    return model, garments, archive


def gallery_of(catalog):
    gallery = catalog.where(split="gallery")
    return gallery.take(np.unique(gallery.item, return_index=True)[1])


def test_a_kept_model_compares_as_the_network_does(kept):
    model, catalog, made = kept
    gallery, query = gallery_of(catalog), catalog.where(split="query")
    expected = retrieval.embed(model, query, SIZE) @ retrieval.embed(model, gallery, SIZE).T
    found = made.embed(query.pixels(SIZE)) @ made.gallery().vectors.T
    assert np.abs(found - expected).max() < 0.02  # weights in 8 bits
    assert made.gallery().captions == [
        f"{c}, item {i}" for c, i in zip(gallery.category, gallery.item, strict=True)
    ]
    assert own_photo.archives(Path(made.folder).parents[3]) == [made]
    assert made.checked["queries"] == len(query)


def test_weights_in_fewer_bits_are_smaller_files_and_nearly_the_same_network(kept, monkeypatch):
    model, catalog, _ = kept
    monkeypatch.setattr(compact_weights, "LARGE", 2000)
    network = archive._exported(model, SIZE)
    pixels = catalog.where(split="query").pixels(SIZE)
    sizes, found = {}, {}
    for kind in WEIGHTS:
        stored = compact(network, kind)
        onnx.checker.check_model(stored)
        sizes[kind] = sum(len(part.raw_data) for part in stored.graph.initializer)
        found[kind] = archive.embedder(stored.SerializeToString())(pixels)
    assert sizes["int8"] < 0.6 * sizes["float16"] < 0.36 * sizes["float32"]
    np.testing.assert_allclose(found["float32"], retrieval.embed(model, pixels), atol=1e-5)
    off = {kind: np.abs(found[kind] - found["float32"]).max() for kind in WEIGHTS}
    assert 0 < off["float16"] < off["int8"] < 0.05
    with pytest.raises(ValueError, match="int8, float16, float32"):
        compact(network, "int4")


def test_more_bits_are_kept_where_few_cost_hits(kept, monkeypatch):
    model, catalog, _ = kept
    monkeypatch.setattr(compact_weights, "LARGE", 2000)
    query, gallery = catalog.where(split="query"), gallery_of(catalog)
    network = archive._exported(model, SIZE)

    def spoilt(network, kind):
        made = compact(network, kind)
        for tensor in made.graph.initializer:
            if tensor.name.endswith("/int8"):
                tensor.raw_data = bytes(len(tensor.raw_data))
        return made

    assert archive._fewest_bits(network, query, gallery, None, SIZE)[0] == "int8"
    monkeypatch.setattr(archive, "compact", spoilt)
    kind, checked = archive._fewest_bits(network, query, gallery, None, SIZE)
    assert kind == "float16"
    assert checked["float32"] - checked["kept"] <= archive.COST


def used(network, pixels):
    """As after some training: noise on all weights, since layers may start at zero, and batch
    norms that have seen pictures, or all embeddings would be alike."""
    draw = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.03 * torch.randn(weight.shape, generator=draw))
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
                module.momentum = None
        network.train()(normalise(torch.from_numpy(pixels.copy())))
    return network.eval()


def as_embedded(network, side, rows):
    """What most chapters search with."""
    network = used(network, rows[1].pixels(side))
    return network, None, side, [retrieval.embed(network, part, side) for part in rows]


def plain_network(rows):
    return as_embedded(backbones.build("small", dim=16, width=8, seed=0), 40, rows)


def branches(rows):
    mmfl = chapters.definitions("02_mmfl_net")
    maps = feature_maps(backbones.build("small", width=8, seed=0), (2, 3, 4), last_stride=1)
    return as_embedded(mmfl.MMFLNet(maps, 18), 48, rows)


def drawn_then_matched(rows):
    poshak = chapters.definitions("03_poshaknet")
    converter = used(poshak.Converter(size=32, width=1 / 32), rows[0].pixels(32))
    net = poshak.Matcher(16, 0).eval()
    drawn = poshak.generate(converter, rows[0].pixels(32))
    sides = drawn, rows[1].pixels(32)
    vectors = [poshak.embedded(net, poshak.seen(side, "maps")) for side in sides]
    stem = poshak.cut(poshak.trunk("lite0"), after=poshak.CUT)[0]
    matches = own_photo.Enlarged(stem, net, poshak.bench.SIDE).eval()
    return own_photo.Drawn(converter, matches), matches, 32, vectors


def by_distance(rows):
    mtv = chapters.definitions("04_mtv_cnn")
    stem, net = mtv.network("smoke")
    bench = mtv.ByDistance(None, stem, size=32)
    features = [mtv.features_of_pixels(bench, net, part.pixels(32)) for part in rows]
    whole, searched = own_photo.Whole(stem, net), torch.from_numpy(features[1])
    asked, searched = (own_photo.Lifted(whole, searched, query) for query in (True, False))
    vectors = [
        side / np.linalg.norm(side, axis=1, keepdims=True) for side in mtv.by_distance(*features)
    ]
    return asked, searched, 32, vectors


def cell_of_a_grid(rows):
    stem, model = chapters.definitions("05_gsn_rl").build("gsn", "smoke", 0)
    whole = own_photo.Whole(stem, model).eval()
    return whole, None, 96, [retrieval.embed(whole, part, 96) for part in rows]


KINDS = (plain_network, branches, drawn_then_matched, by_distance, cell_of_a_grid)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_network_compares_as_in_its_chapter(kind, garments, tmp_path, monkeypatch):
    query, gallery = garments.where(split="query").take(range(3)), gallery_of(garments)
    model, of_gallery, side, vectors = kind((query, gallery))
    expected = vectors[0] @ vectors[1].T  # (3, 8)
    assert np.ptp(expected) > 0.1
    run = run_in(tmp_path, garments)
    monkeypatch.setattr(archive, "KINDS", ("float32",))
    made = own_photo.keep(run, model, garments, side, of_gallery=of_gallery, folder=tmp_path)
    onnx.checker.check_model(onnx.load_from_string(made.network))
    found = made.embed(query.pixels(side)) @ made.gallery().vectors.T
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert made.symmetric == (of_gallery is None)


def test_what_a_run_prepared_is_kept_as_it_was(garments, tmp_path):
    run, model = run_in(tmp_path, garments), backbones.build("small", dim=16, width=8, seed=0)
    gallery = gallery_of(garments)
    run.prepare(model, torch.nn.Linear(16, 3))
    assert own_photo.trained(run) is model
    model.forward = lambda images: 0 * images.mean((2, 3))  # as what Accelerate puts around it
    made = own_photo.keep(run, model, garments, SIZE, folder=tmp_path)
    vectors = retrieval.embed(backbones.build("small", dim=16, width=8, seed=0), gallery, SIZE)
    assert np.abs(made.gallery().vectors - vectors).max() < 0.02


def test_a_gallery_picture_finds_itself_and_says_where_it_looked(kept):
    model, catalog, made = kept
    gallery = gallery_of(catalog)
    photo = Image.fromarray(gallery.pixels(SIZE)[5].transpose(1, 2, 0))
    found = own_photo.answer(made, photo, k=3)
    assert found.rows[0] == 5
    assert found.similarities[0] == pytest.approx(1, abs=1e-5)
    assert (np.diff(found.similarities) <= 0).all()
    picture = gallery.pixels(SIZE)[5].copy()
    window = SIZE // 4
    picture[:, SIZE - window :, :window] = np.round(255 * np.array(MEAN)).reshape(3, 1, 1)
    hidden = retrieval.embed(model, picture[None]) @ retrieval.embed(model, gallery, SIZE)[5]
    assert found.region.shape == (answers.WINDOWS, answers.WINDOWS)
    assert found.region[-1, 0] == pytest.approx(1 - hidden[0], abs=2e-2)
    assert found.captions[0] == made.gallery().captions[5]
    titles = [axes.get_title(loc="left") for axes in found.figure().axes]
    assert titles[:3] == ["your photo", "what mattered", "1: 1.00"]


def test_windows_cover_the_picture_one_at_a_time():
    pixels = torch.arange(3 * 16 * 16, dtype=torch.float32).view(3, 16, 16)
    copies = torch.from_numpy(answers.occluded(pixels.numpy()))
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


def test_a_photo_is_read_as_a_catalogue_reads_it(tmp_path):
    cut_out = np.zeros((40, 40, 4), np.uint8)
    cut_out[10:30, 10:30] = (200, 0, 0, 255)
    pictures = {
        "cut-out": Image.fromarray(cut_out),
        "palette": Image.fromarray(cut_out).quantize(8),
    }
    pictures["grey16"] = Image.fromarray(np.full((40, 40), 30_000, np.uint16))
    for name, picture in pictures.items():
        path = tmp_path / f"{name}.png"
        picture.save(path)
        seen = answers.square(path.read_bytes(), 40).astype(int)
        assert np.abs(seen - np.asarray(letterbox(open_picture(path), 40))).max() <= 1, name
        assert np.array_equal(answers.square(Image.open(path), 40), seen), name
    bomb = io.BytesIO()
    Image.new("1", (20_000, 10_000)).save(bomb, "PNG")
    with pytest.raises(PictureError, match=r"mine\.png: .*decompression bomb"):
        answers.square(bomb.getvalue(), 16, "mine.png")


def test_the_panel_answers_a_photo_with_the_model_chosen(kept, tmp_path):
    _, catalog, made = kept
    with pytest.raises(FileNotFoundError, match="no chapter has kept a model yet"):
        own_photo.panel(tmp_path)
    folder, captions = tmp_path / "models", made.gallery().captions
    shutil.copytree(Path(made.folder).parents[3], folder)
    other = backbones.build("small", dim=16, width=8, seed=1)
    own_photo.keep(run_in(tmp_path, catalog, "other"), other, catalog, SIZE, folder=folder)
    model, place, field, shown = own_photo.panel(folder, k=2).children
    assert [each.arm for _, each in model.options] == ["other", "toy"]
    gallery = gallery_of(catalog)
    buffer = io.BytesIO()
    Image.fromarray(gallery.pixels(SIZE)[2].transpose(1, 2, 0)).save(buffer, "PNG")
    answers_to = {b"a text": "no picture that can be read", buffer.getvalue(): captions[2]}
    for content, expected in answers_to.items():
        field._handle_custom_msg({"name": "photo.png"}, [memoryview(content)])
        assert expected in shown.value
    before = shown.value
    model.index = 1
    assert captions[2] in shown.value
    assert [name for name, _ in place.options] == [catalog.name]
    assert shown.value != before
    assert "photo" not in field.get_state()


def test_the_page_offers_each_chapters_first_model_and_says_what_it_loads(
    kept, tmp_path, monkeypatch
):
    _, catalog, made = kept
    folder = tmp_path / "models"
    shutil.copytree(Path(made.folder).parents[3], folder)
    shutil.copytree(folder / made.chapter, folder / "01_dml")
    (about,) = (folder / "01_dml").glob("*/*/*/about.json")
    text = about.read_text().replace('"00_street_to_shop"', '"01_dml"')
    about.write_text(text.replace('"metrics": {}', '"metrics": {"hit@1": 0.5, "hit@10": 0.75}'))
    larger = backbones.build("small", dim=16, width=16, seed=0)
    own_photo.keep(run_in(tmp_path, catalog, scale="quick"), larger, catalog, SIZE, folder=folder)
    page = pages.write(tmp_path, tmp_path, folder).read_text()
    pages_of = tmp_path / "own-photo"
    assert {path.name for path in pages_of.iterdir()} == {
        "index.html",
        "runtime.js",
        "00_street_to_shop.js",
        "01_dml.js",
    }
    weights = {path.stem: path.stat().st_size for path in pages_of.glob("*.js")}
    document = (pages_of / "index.html").read_text(encoding="utf-8")
    about = json.loads(re.search(r'id="about">(.+?)</script>', document)[1])
    listed = {each["name"]: each["weight"] for each in about["models"]}
    assert listed | {"runtime": about["runtime"]} == weights
    assert about["first"] == "01_dml"
    assert f"({weights['runtime'] / 1e6:.1f} MB)" in document
    assert 'src="../_static/own-photo/index.html"' in page
    size = f"{weights['01_dml'] / 1e6:.1f} MB"
    stored = f"{made.weights}, +0.0 points (8 queries)"
    row = "| {doc}`01 DML </notebooks/01_dml>` | `toy` | 8 | 50.0 % | 75.0 % "
    row += f"| {stored} | {size} |"
    assert row in page
    assert "(scale quick, seed 3; scale smoke, seed 3)" in page
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=[\"'](?!data:)", document)
    monkeypatch.setattr(pages, "LIMIT", weights["00_street_to_shop"] - 1)
    assert "(scale smoke, seed 3)" in pages.write(tmp_path, tmp_path, folder).read_text()
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
