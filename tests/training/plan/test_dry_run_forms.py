"""Dry runs of chapters of other forms: LookBook, ABO shoes and an MVShoe-style list."""

import csv
import gzip
import json

import numpy as np
import pytest
from PIL import Image

from fashret_utils import chapters, datasets
from fashret_utils.evidence import records
from fashret_utils.training.plan import dry_run, dry_run_forms


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Three data sets in their official layouts: 60 products, 60 shoes, 40 shoes of a list."""
    root, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)

    def picture(path, colour):
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)  # corners, for SIFT
        pixels[:2] = colour
        Image.fromarray(pixels).resize((60, 60), Image.Resampling.NEAREST).save(path)

    for i in range(180):
        name = f"PID{i // 3:06}_CLEAN{int(i % 3 == 2)}_IID{i:06}.jpg"
        picture(root / "lookbook" / "data" / name, (i, 60, 0))
    listings, images, rows = [], ["image_id,height,width,path"], []
    for shoe in range(60):
        main, *others = names = [f"{shoe:02}{letter}" for letter in "abcdef"]
        kind = [{"value": ("SHOES", "BOOT")[shoe % 2]}]
        listing = {"item_id": f"B{shoe}", "domain_name": "amazon.com", "product_type": kind}
        listings.append(listing | {"main_image_id": main, "other_image_id": others})
        for name in names:
            images.append(f"{name},60,60,{name[:2]}/{name}.jpg")
            picture(root / "abo/images/small" / name[:2] / f"{name}.jpg", (4 * shoe, 0, 90))
    for path, lines in (
        ("abo/listings/metadata/listings_0.json.gz", map(json.dumps, listings)),
        ("abo/images/metadata/images.csv.gz", images),
    ):
        (root / path).parent.mkdir(parents=True)
        (root / path).write_bytes(gzip.compress("\n".join(lines).encode()))
    for shoe in range(40):
        side = ("train", "val", "test")[min(shoe // 18, 2)]
        for number, view in enumerate(("other", "left", "front", "top")):
            domain = "street" if view == "other" else "shop"
            split = {"street": "query", "shop": "gallery"}[domain] if side == "test" else side
            name = f"{shoe}/{number}.png"
            picture(root / "mvshoe" / name, (6 * shoe, 30, 30))
            rows.append([name, f"shoe {shoe}", domain, view, split, shoe % 3, shoe % 4 - 1])
    with open(root / "mvshoe/manifest.csv", "w", newline="") as file:
        columns = ["image_path", "item_id", "domain", "view", "split", "attr_heel", "attr_toe"]
        csv.writer(file).writerows([columns, *rows])
    return root


CASES = [
    ("03_poshaknet", "lookbook", {"gan", "mse", "product", "box,softmax", "gan,own"}),
    ("04_mtv_cnn", "abo-shoes", {"siamese", "stage_1", "mtv_cnn", "miner_hard"}),
    ("04_mtv_cnn", "mvshoe", {"triplet", "tn_ap_vi", "mtv_sum", "infonce"}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("chapter", "data", "some"), CASES)
def test_one_step_of_every_arm(root, tmp_path, chapter, data, some):
    one_step_of_every_arm(root, tmp_path, chapter, data, some, "smoke")


@pytest.mark.paper
@pytest.mark.parametrize(("chapter", "data", "some"), CASES[1:])  # 03 needs the face weights
def test_one_step_at_paper_scale(root, tmp_path, downloaded, chapter, data, some):
    downloaded("vgg16")
    one_step_of_every_arm(root, tmp_path, chapter, data, some, "paper")


def one_step_of_every_arm(root, tmp_path, chapter, data, some, scale):
    module = chapters.definitions(chapter)
    before = dict(vars(module))
    place = {"data_root": root, "results": tmp_path / "made", "device": "cpu"}
    table = dry_run.dry_run(chapter, data, scale=scale, **place).set_index("arm")
    print(table)
    assert some <= set(table.index)
    form = dry_run_forms.form_of(module)
    assert (table["size"] == form.plan(module, data, scale)["size"]).all()
    plain = {"photo", "box", "mask"}  # nothing to learn
    assert set(table.index[table["parameters"].isna()]) == plain & set(table.index)
    learnt = ~table.index.isin(plain)
    assert np.isfinite(table["loss"][learnt]).all()
    made = records.load(tmp_path / "made", chapter=chapter)
    assert set(table.index) <= {record.arm for record in made}
    assert {name for name in before if vars(module)[name] is not before[name]} == set()


def test_arms_that_the_data_cannot_train_are_left_out(root):
    module = chapters.definitions("03_poshaknet")
    form = dry_run_forms.form_of(module)
    pairs = form.load(module, "lookbook", "smoke", str(root))
    where = {"scale": "smoke", "data_root": str(root)}
    with dry_run._small(module, form, dry_run.few(pairs, form.items)):
        names = [name for name, _ in form.jobs(module, "lookbook", 0, where)]
    assert "gan,own" in names
    assert not {"box,own", "mask,own"} & set(names)  # no boxes, no masks


def test_abo_shoes_have_what_chapter_04_asks_for(root):
    shoes = datasets.load("abo-shoes", root)
    assert set(shoes.domain) == {0, 1}
    assert shoes.attribute_names == ("type",)
