"""shop-views: three roles of studio photos; the pitfalls of its table; golden counts."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from fashret_utils import datasets
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets.shop_views import gather
from fashret_utils.datasets.shop_views.folds import parts, style_folds
from fashret_utils.datasets.shop_views.table import COLUMNS, read_table

REAL = pytest.mark.skipif(
    not Path(os.environ.get("FASHRET_DATA", ""), "shop-views/items.csv").is_file(),
    reason="needs FASHRET_DATA with shop-views",
)
COLOURS = {"red": (190, 30, 40), "blue": (30, 60, 170), "white": (246, 246, 244)}


def photo(colour, size=(194, 240), cut=True):
    """A person of one colour before white, cut off by the lower edge or standing in the middle."""
    picture = Image.new("RGB", size, "white")
    draw, (w, h) = ImageDraw.Draw(picture), size
    draw.ellipse((0.42 * w, 0.05 * h, 0.58 * w, 0.22 * h), fill=(120, 80, 60))
    draw.rectangle((0.3 * w, 0.2 * h, 0.7 * w, h if cut else 0.8 * h), fill=colour)
    return picture


def row(file, item, view="main", category="Women/Tops/Tees", agrees="1", **more):
    style, colour = item.rsplit("-", 1)
    known = {"set": "luma", "material": "Cotton|Wool", "pattern": "Solid", "climate": "Warm"}
    values = {"file": f"images/{file}.jpg", "item": item, "style_id": style, "colour": colour}
    values |= {"view": view, "name": "A Tee", "category": category, "colour_agrees": agrees}
    return dict.fromkeys(COLUMNS, "") | known | values | more


@pytest.fixture
def root(tmp_path):
    """Six styles with queries, one dyed, one without other views, a bag, a bag's close-up."""
    rows = []
    for number in range(6):
        item = f"s{number:02}-red"
        rows += [row(f"{item}_main", item), row(f"{item}_back", item, "back")]
        blue = f"s{number:02}-blue"
        rows.append(row(f"{blue}_main", blue))
    rows.append(row("s00-red_alt1", "s00-red", "alt"))
    rows.append(row("s01-red_side_b", "s01-red", "side2"))
    rows += [row(f"d01-red_{v}", "d01-red", v, agrees="0") for v in ("main", "back")]
    rows.append(row("x01-white_main", "x01-white", material="", climate="", pattern=""))
    rows.append(row("b01-blue-0", "acc-b01-blue", category="Accessories", style="Bra"))
    rows.append(row("b01-blue-0_alt1", "b01-blue", "alt", category=""))
    folder = tmp_path / "shop-views"
    (folder / "images").mkdir(parents=True)
    pd.DataFrame(rows).to_csv(folder / "items.csv", index=False)
    for r in rows:
        photo(COLOURS[r["colour"]]).save(folder / r["file"], quality=95)
    return tmp_path


def test_transfer_tests_every_view_that_agrees_and_trains_nothing(root):
    catalog = datasets.load("shop-views", root)
    assert set(catalog.split) == {"query", "gallery"}
    assert catalog.protocol == "open-set"
    assert catalog.licence.startswith("OSL 3.0")
    assert "(c) Magento, Inc. / Adobe" in catalog.licence  # the licence asks for it
    gallery, query = catalog.where(split="gallery"), catalog.where(split="query")
    assert set(gallery.view) == {"front"}
    assert set(gallery.domain) == {SHOP}
    assert set(query.domain) == {STREET}
    assert len(gallery) == gallery.n_items == 6 * 2 + 3  # the dyed front and the bag are in it
    assert dict(zip(*np.unique(query.view, return_counts=True), strict=True)) == {
        "alt": 1,
        "back": 6,
        "side": 1,
    }
    assert set(query.item) <= set(gallery.item)
    assert set(datasets.load("shop-views", root, domains="shop").domain) == {SHOP}


def test_pitfalls_of_the_table(root):
    catalog = datasets.load("shop-views", root)
    sources = set(catalog.source)
    assert "images/d01-red_main.jpg" in sources  # its front is a distractor
    assert "images/d01-red_back.jpg" not in sources  # which the back would not match
    assert "images/b01-blue-0_alt1.jpg" not in sources  # its front has another item's name
    red, blue = (catalog.where(source=f"images/s03-{c}_main.jpg") for c in ("red", "blue"))
    assert red.family.tolist() == blue.family.tolist()
    assert red.item.tolist() != blue.item.tolist()


def test_attributes_know_lists_and_what_is_unknown(root):
    catalog = datasets.load("shop-views", root)
    tee, bag = (catalog.where(source=f"images/{s}.jpg") for s in ("s00-red_main", "b01-blue-0"))
    assert len(catalog.where(colour="white")) == 1
    assert len(tee.where(**{"material: Wool": "yes", "climate: Warm": "yes", "pattern": "Solid"}))
    assert len(bag.where(**{"material: Wool": -1}))
    assert "style: Bra" not in catalog.attribute_names  # said of a bag, by mistake
    assert "material: Cotton|Wool" not in catalog.attribute_names


@pytest.mark.parametrize("role", ["in-shop", "composite"])
def test_folds_part_styles_and_test_every_query_once(root, role):
    tested, everything = [], set()
    for fold in range(3):
        catalog = datasets.load("shop-views", root, role=role, folds=3, fold=fold)
        part = np.where(np.isin(catalog.split, ("query", "gallery")), "test", catalog.split)
        for family in np.unique(catalog.family):
            assert len(set(part[catalog.family == family])) == 1
        assert set(part) == {"train", "val", "test"}
        query = catalog.where(split="query")
        tested += query.source.tolist()
        assert set(query.item) <= set(catalog.where(split="gallery").item)
        for split in ("train", "val"):
            rows = catalog.where(split=split)
            assert set(rows.domain) == {STREET, SHOP}
            assert set(rows.where(domain="street").item) <= set(rows.where(domain="shop").item)
        everything |= set(catalog.source)
        bag = catalog.where(source="images/b01-blue-0.jpg")
        assert bag.split.tolist() == ["gallery"]  # nobody trains on it: a distractor in all folds
    assert len(tested) == len(set(tested))
    whole = datasets.load("shop-views", root, role="transfer" if role == "in-shop" else role)
    assert set(tested) == set(whole.where(split="query").source)
    assert everything == set(whole.source)


def test_folds_are_balanced_and_a_part_depends_on_the_style_alone():
    rng = np.random.default_rng(1)
    family = rng.integers(0, 40, 300)
    counted = rng.random(300) < 0.5
    counted[family == 7] = False
    folds = style_folds(family, counted, 5)
    assert (folds[family == 7] == -1).all()
    sizes = [int(counted[folds == fold].sum()) for fold in range(5)]
    assert max(sizes) - min(sizes) <= 2
    order = rng.permutation(300)
    assert np.array_equal(style_folds(family[order], counted[order], 5), folds[order])
    assert parts(np.array([0, 1, 2, 3, 4, -1]), 4, 5).tolist() == [
        "val",
        "train",
        "train",
        "train",
        "test",
        "test",
    ]
    for number in (2, 40):
        with pytest.raises(ValueError, match="folds must be from 3 to 39"):
            style_folds(family, counted, number)


def test_wrong_arguments_are_refused(root):
    for options, message in (
        ({"role": "street"}, "unknown role 'street': choose one of transfer, in-shop, composite"),
        ({"domains": "both"}, "unknown domains 'both'"),
        ({"fold": 1}, "has no folds"),
        ({"role": "in-shop", "fold": 5}, "fold must be from 0 to 4, not 5"),
        ({"role": "composite", "composites": 0}, "composites >= 1"),
        ({"role": "composite", "factors": {"fog": 1}}, "gap factor 'fog' = 1: expected one of"),
        ({"role": "composite", "gap": 3}, "from 0 to 2"),
    ):
        with pytest.raises(ValueError, match=message):
            datasets.load("shop-views", root, **options)


def test_composites_are_of_worn_fronts_and_agreeing_backs(root):
    catalog = datasets.load("shop-views", root, role="composite", composites=3)
    query, gallery = catalog.where(split="query"), catalog.where(split="gallery")
    assert len(gallery) == 15
    assert len(query) == 3 * (14 + 6)  # neither the bag nor the dyed back
    assert (query.view == "back").sum() == 18
    assert not [s for s in query.source if "b01" in s or "d01-red_back" in s or "alt" in s]
    assert set(query.domain) == {STREET}
    assert set(datasets.load("shop-views", root, role="composite", domains="shop").domain) == {0, 1}
    transfer = datasets.load("shop-views", root)
    both = dict(zip(gallery.source, gallery.item, strict=True))
    assert both == {s: i for s, i in zip(transfer.source, transfer.item, strict=True) if s in both}


def test_a_composite_depends_on_seed_and_source_alone(root):
    def pictures(rows=slice(None), **options):
        catalog = datasets.load("shop-views", root, role="composite", **options)
        return catalog.where(split="query").take(np.arange(8)[rows]).pixels(48, workers=1)

    first = pictures(seed=1)
    assert np.array_equal(first[[5]], pictures([5], seed=1, folds=3))
    assert np.array_equal(first[::2][:2], pictures(seed=1, composites=1)[:2])
    assert not np.array_equal(first, pictures(seed=2))
    assert not np.array_equal(first[0], first[1])
    photo_alone = datasets.load("shop-views", root).where(source="images/d01-red_main.jpg")
    plain = datasets.load("shop-views", root, role="composite", gap=0.0)
    same = plain.where(source="street:1:images/d01-red_main.jpg")
    assert np.array_equal(same.pixels(48), photo_alone.pixels(48))


def test_the_reader_says_what_decides_its_pixels(root, monkeypatch):
    catalogs = [
        datasets.load("shop-views", root, role="composite", **options)
        for options in ({}, {"seed": 1}, {"factors": {"light": 0.5}}, {"gap": 0.5})
    ]
    assert len({c.reader.identity for c in catalogs}) == 4
    from fashret_utils.datasets.shop_views import street_reader

    hashed = []
    monkeypatch.setattr(street_reader, "source_hash", lambda files: hashed.extend(files) or "x")
    assert "composites x seed=0" in catalogs[0].reader.identity
    names = {"/".join(file.parts[-2:]) for file in hashed}
    drawing = {"cutout", "composite", "backdrops", "obstacles", "street_reader"}
    assert {f"shop_views/{name}.py" for name in drawing} <= names
    assert {"wardrobe/camera.py", "scenes/outdoors.py", "people/occluders.py"} <= names
    assert not {name for name in names if name.startswith(("data/", "reading/"))}
    state = catalogs[0].reader.fingerprint(catalogs[0])
    photo((0, 90, 0), size=(100, 120)).save(root / "shop-views/images/s00-red_main.jpg")
    assert catalogs[0].reader.fingerprint(catalogs[0]) != state


def test_damaged_tables_name_the_line_and_the_remedy(root):
    path = root / "shop-views/items.csv"
    whole = path.read_text()
    for old, new, message in (
        ("colour_agrees\n", "agrees\n", r"lacks column 'colour_agrees'"),
        ("s00-red,s00,red,back", "s00-red,s00,red,behind", r"line 3: expected one of main, back"),
        ("s00-red,s00,red,back", "s00-red,s01,red,back", r"line 3: expected style_id-colour"),
        ("images/s00-red_back", "../s00-red_back", r"line 3: expected a file images/"),
        ("images/s00-red_back", "images/s00-red_main", r"line 3: expected another file"),
        ("s00-red,s00,red,back", "s00-red,s00,red,main", r"line 3: expected one front an item"),
        ("Warm,1\n", "Warm,yes\n", r"line 2: expected 0 or 1"),
        ("Warm,1\n", "Warm\n", r"line 2: expected 13 fields, not 12"),
    ):
        assert old in whole
        path.write_text(whole.replace(old, new, 1))
        with pytest.raises(ValueError, match=rf"items\.csv.*{message}") as error:
            datasets.load("shop-views", root)
        assert "fields" in message or "data fetch shop-views" in str(error.value)
    path.write_text(whole)
    (root / "shop-views/images/s03-red_back.jpg").unlink()
    with pytest.raises(ValueError, match=r"lists images/s03-red_back\.jpg, which is not there \(1"):
        datasets.load("shop-views", root)
    report = datasets.verify("shop-views", root)
    assert report.missing == ["images/s03-red_back.jpg"]


def test_verify_counts(root):
    said = str(datasets.verify("shop-views", root))
    assert "25 photos of 16 garments and accessories, 10 styles; 23 usable" in said
    assert "8 query pictures of 6 items: 6 back, 1 alt, 1 side" in said


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.integers(0, 3000),
    cut=st.integers(0, 6),
    new=st.text(st.sampled_from(',-_01"\n\r /') | st.characters(), max_size=5),
)
def test_fuzz_a_damaged_table_is_read_or_named(root, attempt, at, cut, new):
    path = root / "shop-views/items.csv"
    text = path.read_text()
    at %= len(text)
    path.write_bytes((text[:at] + new + text[at + cut :]).encode("utf-8", "surrogatepass"))
    catalog, error = attempt(datasets.load, "shop-views", root)
    path.write_text(text)
    if error:
        assert "items.csv" in error
    else:
        assert len(catalog.where(split="query")) <= 9


@REAL
def test_golden_counts():
    folder = Path(os.environ["FASHRET_DATA"], "shop-views")
    everything = read_table(folder, usable=False)
    assert len(everything) == 1122
    assert everything["item"].nunique() == 735
    assert everything["style_id"].nunique() == 262
    agreeing = everything[everything["agrees"]].groupby("item").size()
    assert (agreeing >= 2).sum() == 201
    assert agreeing[agreeing >= 2].sum() == 201 + 327
    assert set(everything.loc[~everything["agrees"], "item"]) == gather.DYED
    catalog = datasets.load("shop-views")
    query = catalog.where(split="query")
    assert len(query) == 327
    assert query.n_items == 201
    assert len(np.unique(query.family)) == 189
    views = dict(zip(*np.unique(query.view, return_counts=True), strict=True))
    assert views == {"back": 183, "alt": 140, "outfit": 3, "side": 1}
    assert len(catalog.where(split="gallery")) == 731
    assert query.where(view="back").n_items == 183


@REAL
def test_golden_counts_of_folds_and_composites():
    sizes = []
    for fold in range(5):
        catalog = datasets.load("shop-views", role="in-shop", fold=fold)
        sizes.append(
            [int((catalog.split == s).sum()) for s in ("train", "val", "query", "gallery")]
        )
    assert [size[2] for size in sizes] == [66, 66, 65, 65, 65]
    assert {sum(size) for size in sizes} == {327 + 731}
    assert min(size[3] for size in sizes) >= 250
    composite = datasets.load("shop-views", role="composite", composites=1)
    assert len(composite.where(split="query", view="front")) == 660
    assert len(composite.where(split="query", view="back")) == 183
    few = composite.where(split="query").take(np.arange(0, 800, 200)).pixels(64, workers=1)
    assert few.std() > 20


@REAL
def test_the_table_can_be_made_of_names_and_products(tmp_path):
    path = Path(os.environ["FASHRET_DATA"], "shop-views/items.csv")
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    sets = {Path(f).name: s for f, s in zip(table["file"], table["set"], strict=True)}
    gear = table["item"].str.startswith("acc-")  # five have the texts of bras with their number
    table.loc[gear, ["name", "material", "pattern", "style", "climate"]] = ""
    luma = table[(table["set"] == "luma") & (table["name"] != "")].drop_duplicates("style_id")
    products = pd.DataFrame(
        {
            "sku": luma["style_id"].str.upper(),
            "product_type": "configurable",
            "categories": "Default Category/" + luma["category"] + ",Default Category/Collections",
            "name": luma["name"],
            "additional_attributes": [
                f"has_options=1,style_general={s},material={m},pattern={p},climate={c},new=No"
                for s, m, p, c in zip(
                    luma["style"], luma["material"], luma["pattern"], luma["climate"], strict=True
                )
            ],
        }
    )
    products.to_csv(tmp_path / "products.csv", index=False)
    made = gather.describe(sets, tmp_path / "products.csv")
    assert made.to_csv(index=False) == table.to_csv(index=False)
