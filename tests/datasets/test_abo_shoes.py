"""ABO shoes: listings of several marketplaces become items with several pictures."""

import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fashret_utils import datasets
from fashret_utils.data.columns import SHOP, STREET

NAME = "abo-shoes"


def listing(item, main, *others, kind=(("value", "SHOES"),), place="amazon.com"):
    found = {
        "item_id": item,
        "domain_name": place,
        "product_type": [dict(kind)] if not isinstance(kind, str) else kind,
        "main_image_id": main,
        "other_image_id": list(others),
        "item_name": [{"language_tag": "de_DE", "value": "Schühchen"}],
    }
    return {key: value for key, value in found.items() if value not in (None, [])}


SHARDS = {
    "0": [
        listing("B01", "01aL", "01bL"),
        listing("B01", "01aL", "01cL", place="amazon.de"),  # another marketplace
        listing("B02", "02aL", "01cL"),  # another colour, shares a picture
        listing("B03", "03+L", "03-L", kind="BOOT"),  # a text, as the documentation has it
        listing("B04", "04aL"),  # one picture
        listing("P01", "09aL", "09bL", kind=(("value", "CELLULAR_PHONE_CASE"),)),
    ],
    "f": [
        listing("B05", None, "05aL", "05bL", kind=(("value", "SANDAL"),)),  # no main picture
        listing("B06", "06aL", "06bL", "99xL"),
        listing("B07", "07aL", "07bL", "06bL"),
        {"item_id": "B08", "product_type": [{"value": "SHOES"}]},  # no picture at all
        {"item_id": "X01"},  # no type
    ],
}
IMAGES = ["01a", "01b", "01c", "02a", "03+", "03-", "04a"]
IMAGES += ["05a", "05b", "06a", "06b", "07a", "07b", "09a", "09b"]


def write_listings(folder, shard, listings):
    path = folder / f"listings/metadata/listings_{shard}.json.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (line if isinstance(line, str) else json.dumps(line) for line in listings)
    path.write_bytes(gzip.compress("\n".join([*lines, ""]).encode()))
    return path


def write_images(folder, lines):
    path = folder / "images/metadata/images.csv.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("\r\n".join(["image_id,height,width,path", *lines]).encode()))


@pytest.fixture
def root(tmp_path, picture):
    folder = tmp_path / "abo"
    for shard, listings in SHARDS.items():
        write_listings(folder, shard, listings)
    write_images(folder, [f"{i}L,16,16,{i[:2]}/{i}.jpg" for i in IMAGES])
    for n, name in enumerate(IMAGES):
        picture(f"abo/images/small/{name[:2]}/{name}.jpg", (15 * n, 0, 0), quality=95)
    return tmp_path


pytestmark = pytest.mark.filterwarnings("ignore:left out 1 pictures that images.csv")


def items(catalog):
    """Names of the pictures of each item."""
    found = {}
    for item, source in zip(catalog.item.tolist(), catalog.source, strict=True):
        found.setdefault(item, []).append(source[3:6])
    return sorted(found.values())


def test_marketplaces_and_shared_pictures_are_merged(root):
    catalog = datasets.load(NAME, root, val=0, test=0)
    assert items(catalog) == [
        ["01a", "01b", "01c", "02a"],
        ["03+", "03-"],
        ["05a", "05b"],
        ["06a", "06b", "07a", "07b"],
    ]
    assert set(datasets.load(NAME, root, domains="shop").domain) == {SHOP}
    assert set(catalog.where(type="BOOT").source) == {"03/03+.jpg", "03/03-.jpg"}
    assert catalog.attribute_values == {"type": ("BOOT", "SANDAL", "SHOES")}
    assert set(catalog.where(category="BOOT").source) == {"03/03+.jpg", "03/03-.jpg"}
    mains = [source[3:6] for source in catalog.where(view="main").source]
    assert mains == ["01a", "03+", "05a", "06a"]  # the first picture where none is the main one


def test_query_is_the_main_picture(root):
    catalog = datasets.load(NAME, root, val=0.25, test=0.5)
    query, gallery = catalog.where(split="query"), catalog.where(split="gallery")
    assert set(query.view) == {"main"}
    assert set(gallery.view) == {"other"}
    assert sorted(query.item) == sorted(set(gallery.item))
    assert len(query) == 2
    assert catalog.where(split="val").n_items == 1
    assert set(catalog.where(view="main").domain) == {STREET}
    assert set(catalog.where(view="other").domain) == {SHOP}


def test_other_readings(root):
    alone = datasets.load(NAME, root, shared_limit=1, val=0, test=0)
    # 01c joins two colours, 06b two shoes: without them, B02 and B06 have one picture each
    assert items(alone) == [["01a", "01b"], ["03+", "03-"], ["05a", "05b"], ["07a", "07b"]]
    sandals = datasets.load(NAME, root, types=("SANDAL",))
    assert set(sandals.category) == {"SANDAL"}
    small = root / "abo/images/small"
    (small / "03/03-.jpg").write_bytes((small / "05/05b.jpg").read_bytes())  # a copied file
    same = datasets.load(NAME, root, by_content=True, val=0, test=0)
    assert ["03+", "03-", "05a"] in items(same)
    small.rename(root / "abo/images/original")
    assert len(datasets.load(NAME, root, resolution="original")) == len(same) + 1
    with pytest.raises(ValueError, match="unknown resolution 'large'"):
        datasets.load(NAME, root, resolution="large")
    with pytest.raises(ValueError, match="unknown domains 'street'"):
        datasets.load(NAME, root, resolution="original", domains="street")


def test_the_licence_is_that_of_the_download(root):
    assert "see the licence file" in datasets.load(NAME, root).licence
    (root / "abo/LICENSE-CC-BY-4.0.txt").touch()
    assert datasets.load(NAME, root).licence == "CC BY 4.0; credit Amazon.com"
    (root / "abo/images/LICENSE-CC-BY-NC-4.0.txt").touch()
    assert datasets.load(NAME, root).licence == "CC BY-NC 4.0; credit Amazon.com"


def test_verify_counts(root):
    (root / "abo/images/small/03/03+.jpg").unlink()
    report = datasets.verify(NAME, root)
    assert report.missing == ["03/03+.jpg"]
    for line in (
        "listings of all kinds: 11 (published: 147,702)",
        "pictures of all kinds: 15 (published: 398,212)",
        "shoes listed: 7; merged by shared pictures: 5 items",
        "largest merged item: 2 listed shoes",
        "most shared picture: in 2",
        "items with one picture, left out: 1",
        "remark: left out 1 pictures that images.csv does not know: 99xL",
    ):
        assert line in str(report)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"listings_0\.json\.gz, line 7: expected a listing \(JSONDecodeError"),
        ("[]", r"line 7: expected a listing \(AttributeError"),
        ({"item_id": "B9", "product_type": [3]}, r"line 7: expected a listing \(TypeError"),
        ({"product_type": "SHOES", "main_image_id": "a"}, r"line 7: .*KeyError: 'item_id'"),
        (listing(7, "01aL"), r"line 7: .* item_id and picture ids must be text"),
        (listing("B9", 3), r"line 7: .* item_id and picture ids must be text"),
        ("[" * 100_000, r"line 7: expected a listing \(RecursionError"),
    ],
)
def test_a_wrong_listing_is_named(root, line, message):
    write_listings(root / "abo", "0", [*SHARDS["0"], line])
    with pytest.raises(ValueError, match=message):
        datasets.load(NAME, root)


def test_damaged_and_missing_files(root):
    path = write_listings(root / "abo", "0", SHARDS["0"])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match=r"listings_0\.json\.gz, line \d+: damaged"):
        datasets.load(NAME, root)
    path.with_suffix("").write_text(json.dumps(listing("B10", "01aL")))  # unpacked
    path.unlink()
    assert "01/01a.jpg" not in datasets.load(NAME, root).source  # it has one picture now
    for wrong in (
        "01aL,16,16",
        "01aL,16,16,../x.jpg",
        ",16,16,01/01a.jpg",
        "01aL,1,1,a.jpg,x",
        "02aL,16,16,02/y.jpg",
    ):
        write_images(root / "abo", ["02aL,16,16,02/02a.jpg", wrong])
        with pytest.raises(ValueError, match=r"images\.csv\.gz, line 3: expected (image_id|one)"):
            datasets.load(NAME, root)
    (root / "abo/images/metadata/images.csv.gz").unlink()
    with pytest.raises(ValueError, match="part of the archive of pictures"):
        datasets.load(NAME, root)
    for shard in (root / "abo/listings/metadata").iterdir():
        shard.unlink()
    write_images(root / "abo", [])
    with pytest.raises(ValueError, match=r"no listings_0\.json\.gz"):
        datasets.load(NAME, root)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.just("SHOES"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=5,
)
pictures = st.sampled_from([f"{name}L" for name in IMAGES]) | values
listings = st.fixed_dictionaries(
    {"item_id": st.sampled_from(["B01", "B11"]) | values},
    optional={
        "product_type": st.just("SHOES") | st.just([{"value": "BOOT"}]) | values,
        "main_image_id": pictures,
        "other_image_id": st.lists(pictures, max_size=3) | values,
    },
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.lists(listings | values, max_size=3))
@pytest.mark.filterwarnings("ignore")
def test_fuzz_listings_are_read_or_their_line_named(root, attempt, found):
    write_listings(root / "abo", "1", found)
    catalog, error = attempt(datasets.load, NAME, root, val=0, test=0)
    if error:
        assert "listings_1.json.gz, line " in error
    else:
        assert {"05/05a.jpg", "05/05b.jpg"} <= set(catalog.source)
        assert len(set(catalog.source)) == len(catalog)  # each picture belongs to one item


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 400), new=st.text(st.sampled_from('",\n\r/. \0é') | st.characters()))
@pytest.mark.filterwarnings("ignore")
def test_fuzz_the_list_of_pictures(root, attempt, at, new):
    text = "\r\n".join(
        ["image_id,height,width,path", *(f"{i}L,1,1,{i[:2]}/{i}.jpg" for i in IMAGES)]
    )
    at %= len(text)
    damaged = (text[:at] + new + text[at:]).encode("utf-8", errors="surrogatepass")
    (root / "abo/images/metadata/images.csv.gz").write_bytes(gzip.compress(damaged))
    catalog, error = attempt(datasets.load, NAME, root, on_error="missing")
    if error:
        assert "images.csv.gz, " in error
        assert "line " in error
    else:
        assert len(catalog) <= 12
