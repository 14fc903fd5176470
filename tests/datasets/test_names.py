"""Data sets by name: what is there, and what somebody who lacks one is told."""

import subprocess
import sys

import pytest

from fashret_utils import datasets


def test_a_missing_data_set_says_where_it_was_looked_for_and_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("FASHRET_DATA", str(tmp_path / "data"))
    for name, home in (
        ("fashion-mnist", "github.com/zalandoresearch/fashion-mnist"),
        ("fashion-mnist-street", "github.com/zalandoresearch/fashion-mnist"),
        ("shop-views", "github.com/magento/magento2-sample-data"),
        ("grocery-store", "github.com/marcusklasson/GroceryStoreDataset"),
        ("clothing-dataset-small", "github.com/alexeygrigorev/clothing-dataset-small"),
        ("deepfashion-c2s", "mmlab.ie.cuhk.edu.hk/projects/DeepFashion"),
        ("deepfashion-inshop", "mmlab.ie.cuhk.edu.hk/projects/DeepFashion"),
        ("street2shop", "tamaraberg.com/street2shop"),
        ("darn", "github.com/Maryeon/asen"),
        ("lookbook", "github.com/fxia22/PixelDTGAN"),
        ("abo-shoes", "amazon-berkeley-objects.s3.amazonaws.com"),
        ("mvshoe", "page on data sets"),
        ("lookbench", "huggingface.co/datasets/srpone/look-bench"),
    ):
        for action in (datasets.load, datasets.verify):
            with pytest.raises(datasets.DataNotFoundError) as error:
                action(name)
            message = str(error.value)
            assert str(tmp_path / "data") in message
            assert home in message
            assert "FASHRET_DATA" in message
            assert "Wardrobe" in message
    with pytest.raises(datasets.DataNotFoundError, match="elsewhere"):
        datasets.load("grocery-store", root=tmp_path / "elsewhere")


def test_available_lists_what_is_present(tiny_fashion_mnist):
    table = datasets.available(tiny_fashion_mnist).set_index("name")
    assert table["present"].to_dict() == {
        "wardrobe-garments": True,
        "wardrobe-shoes": True,
        "fashion-mnist": True,
        "fashion-mnist-street": True,
        "mnist": False,
        "shop-views": False,
        "grocery-store": False,
        "clothing-dataset-small": False,
        "deepfashion-c2s": False,
        "deepfashion-inshop": False,
        "street2shop": False,
        "darn": False,
        "lookbook": False,
        "abo-shoes": False,
        "mvshoe": False,
        "lookbench": False,
    }
    assert table.loc["fashion-mnist", "folder"] == str(tiny_fashion_mnist / "fashion-mnist")
    assert table.loc["clothing-dataset-small", "licence"] == "CC0 1.0"


def test_unknown_names_are_refused_with_a_list():
    for action in (datasets.load, datasets.verify):
        with pytest.raises(ValueError, match=r"unknown data set 'mnis': choose one of wardrobe-ga"):
            action("mnis")


def test_the_wardrobe_needs_no_files():
    catalog = datasets.load("wardrobe-shoes", items=10, street_pictures=1, seed=3)
    assert catalog.n_items == 10
    assert catalog.name == "wardrobe-shoes"
    assert datasets.verify("wardrobe-garments").complete


def test_verify_says_what_a_whole_data_set_holds(tmp_path, picture):
    for side in ("street", "shop"):
        picture(f"mine/boot/{side}/1.jpg")
    said = str(datasets.verify("folder", tmp_path / "mine")).splitlines()
    assert said[0].endswith("complete")
    assert said[-2].split() == ["train", "street", "1", "1", "1", "1"]
    assert said[-1].split() == ["shop", "1", "1", "1", "1"]
    (tmp_path / "mine/boot/shop/1.jpg").write_bytes(b"x")
    assert "categories" not in str(datasets.verify("folder", tmp_path / "mine"))


def test_data_in_files_need_no_pytorch():
    code = "import sys; from fashret_utils import datasets; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    for name in datasets.DRAWN:  # they draw with it
        assert datasets.DOWNLOADS[name].ABOUT.name == name
    assert set(datasets.NAMES) >= set(datasets.DOWNLOADS)
    assert len(datasets.DOWNLOADS) == len(set(datasets.DOWNLOADS))
