"""Dry runs: every arm of a chapter, one step, on DeepFashion's own format."""

import os

import numpy as np
import pytest
from PIL import Image

from fashret_utils import chapters, datasets
from fashret_utils.__main__ import main
from fashret_utils.evidence import records
from fashret_utils.training.plan import dry_run, dry_run_forms

DATA, N = "deepfashion-c2s", 37
ITEMS = dry_run_forms.ArmsForm.items


def picture(item, side):
    return f"img/TOPS/T_Shirt/id_{item:08}/{side}_01.jpg"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Consumer-to-Shop in the official layout: 37 items, a photo and a shop picture of each."""
    root = tmp_path_factory.mktemp("data")
    folder, items = root / DATA, range(1, N + 1)
    parts = ["train"] * 22 + ["val"] * 3 + ["test"] * 12
    sides = [(i, side) for i in items for side in ("comsumer", "shop")]  # the files' spelling
    for i, side in sides:
        path = folder / "Img" / picture(i, side)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (30, 40), (6 * i, 100 if side == "shop" else 60, 0)).save(path)
    lists = {
        "Eval/list_eval_partition": (
            "image_pair_name_1 image_pair_name_2 item_id evaluation_status",
            [
                f"{picture(i, 'comsumer')} {picture(i, 'shop')} id_{i:08} {part}"
                for i, part in zip(items, parts, strict=True)
            ],
        ),
        "Anno/list_bbox_consumer2shop": (
            "image_name clothes_type source_type x_1 y_1 x_2 y_2",
            [f"{picture(i, s)} 1 {2 - (s == 'shop')} 005 010 025 035" for i, s in sides],
        ),
        "Anno/list_attr_items": (
            "item_id labels",
            [f"id_{i:08} {1 if i % 2 else -1} {1 if i % 3 else -1}" for i in items],
        ),
        "Anno/list_attr_cloth": ("中文 english type", ["圆领 round neck 2", "短袖 tops 2"]),
        "Anno/list_attr_type": ("中文 english", ["面料 fabric 1", "领型 neck line"]),
    }
    for name, (header, rows) in lists.items():
        path = folder / f"{name}.txt"
        path.parent.mkdir(exist_ok=True)
        text = "\n".join([str(len(rows)), header, *rows, ""])
        path.write_text(text, encoding="utf-8")
    return root


def test_one_step_of_every_arm_on_the_official_format(root, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FASHRET_CACHE", str(tmp_path / "cache"))
    before = dict(vars(chapters.definitions("01_dml")))
    options = ["--scale", "smoke", "--data-root", str(root), "--out", str(tmp_path)]
    assert main(["run", "01_dml", "--dry-run", "--data", DATA, "--device", "cpu", *options]) == 0
    arms = set(dry_run_forms.arms(chapters.definitions("01_dml")))
    assert {"dml_pair", "cosface_id", "triplet"} <= arms
    made = records.load(tmp_path / "dry-run", data=DATA, scale="smoke")
    assert {record.arm for record in made} == arms
    for record in made:
        assert record.cost["steps"] == 1
        assert np.isfinite(record.curve["loss"]).all()
        assert record.counts["n_query"] == ITEMS["test"]
    printed = capsys.readouterr().out
    assert all(arm in printed for arm in arms)
    # All is as before, and no checkpoint of one step waits for a real run.
    after = vars(chapters.definitions("01_dml"))
    assert {name for name in before if after[name] is not before[name]} == set()
    assert os.environ["FASHRET_CACHE"] == str(tmp_path / "cache")
    assert not list(tmp_path.rglob("step-*.pt"))


@pytest.mark.paper
@pytest.mark.parametrize(
    ("chapter", "size", "some"),
    [
        ("01_dml", 224, {"dml_pair", "dml_id", "triplet"}),
        ("02_mmfl_net", 320, {"mmfl", "backbone"}),
        ("05_gsn_rl", 224, {"gsn"}),
    ],
)
def test_one_step_at_paper_scale(root, tmp_path, downloaded, chapter, size, some):
    downloaded("resnet50")
    place = {"data_root": root, "results": tmp_path / "made", "device": "cpu"}
    table = dry_run.dry_run(chapter, DATA, scale="paper", **place).set_index("arm")
    print(table)
    assert some <= set(table.index)
    assert (table["size"] == size).all()
    assert (table["parameters"] > 23_000_000).all()
    assert np.isfinite(table["loss"]).all()


def test_parameters_that_a_chapter_lacks_are_refused(root, tmp_path):
    with pytest.raises(ValueError, match=r"01_dml has no parameter weights: it takes none"):
        dry_run.dry_run("01_dml", DATA, results=tmp_path, parameters={"weights": "mine"})


def test_few_items_of_each_split_with_both_domains(root):
    whole = datasets.load(DATA, root)
    catalog = dry_run.few(whole, ITEMS)
    counts = {part: catalog.where(split=part).n_items for part in ("train", "val", "query")}
    assert counts == {"train": 16, "val": 4, "query": 10}
    assert set(catalog.where(split="val").item) == {19, 20, 21, 22}
    official = dry_run.few(datasets.load(DATA, root, gallery="test"), ITEMS)
    assert set(official.where(split="val").item) == {23, 24, 25}
    assert set(catalog.where(split="gallery").item) == set(catalog.where(split="query").item)
    untrained = datasets.load(DATA, root, gallery="test").where(split=("val", "query"))
    with pytest.raises(ValueError, match="no train item with a street and a shop picture"):
        dry_run.few(untrained, ITEMS)


def test_a_chapter_without_arms_is_refused(root, tmp_path):
    with pytest.raises(ValueError, match=r"00_street_to_shop cannot be rehearsed.*train_arm"):
        dry_run.dry_run("00_street_to_shop", DATA, data_root=root, results=tmp_path)


@pytest.mark.parametrize("options", [["--dry-run"], ["--data", DATA]])
def test_dry_run_and_data_go_together(options, capsys):
    assert main(["run", "01_dml", *options]) == 2
    assert "--dry-run and --data NAME go together" in capsys.readouterr().err
