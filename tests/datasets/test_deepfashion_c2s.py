"""DeepFashion Consumer-to-Shop: pairs become pictures, each once, with the benchmark's roles."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from fashret_utils import datasets
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets.deepfashion import c2s
from fashret_utils.datasets.deepfashion.labels import LANDMARKS
from fashret_utils.datasets.deepfashion.lists import read_items, read_list

pytestmark = pytest.mark.filterwarnings("ignore:.*boxes without area")
NAME = "deepfashion-c2s"
TEE, DRESS = "img/TOPS/T_Shirt/id_0000000", "img/CLOTHING/Summer_Suit/id_0000000"
# picture, clothes type, source type (1 shop, 2 consumer), box; comsumer is the files' spelling
BOXES = [
    (f"{TEE}1/comsumer_01.jpg", 1, 2, "005 010 025 030"),
    (f"{TEE}1/shop_01.jpg", 1, 1, "0 0 30 40"),
    (f"{TEE}1/comsumer_02.jpg", 1, 2, "0 0 30 40"),  # in no pair
    (f"{DRESS}2/comsumer_01.jpg", 3, 2, "0 0 30 40"),
    (f"{DRESS}2/shop_01.jpg", 3, 1, "0 0 30 40"),
    (f"{DRESS}3/comsumer_01.jpg", 3, 2, "10 0 90 40"),  # reaches out of the picture
    (f"{DRESS}3/comsumer_02.jpg", 3, 2, "0 0 0 0"),  # empty
    (f"{DRESS}3/shop_01.jpg", 3, 1, "0 0 30 40"),
    (f"{TEE}4/comsumer_01.jpg", 1, 2, "0 0 30 40"),
    (f"{TEE}4/shop_01.jpg", 1, 1, "0 0 30 40"),
]
PAIRS = [  # consumer, shop, item, part
    (0, 1, 1, "train"),
    (3, 4, 2, "val"),
    (5, 7, 3, "test"),
    (6, 7, 3, "test"),
    (8, 9, 4, "train"),
]


HEADERS = {
    "Eval/list_eval_partition": "image_pair_name_1 image_pair_name_2 item_id evaluation_status",
    "Anno/list_bbox_consumer2shop": "image_name clothes_type source_type x_1 y_1 x_2 y_2",
    "Anno/list_landmarks_consumer2shop": "image_name clothes_type variation_type visibility_1",
    "Anno/list_attr_items": "item_id labels",
    "Anno/list_item_consumer2shop": "",
    "Anno/list_attr_cloth": "中文 english type",
    "Anno/list_attr_type": "中文 english",
}


def lists():
    return {
        "Eval/list_eval_partition": [
            f"{BOXES[a][0]} {BOXES[b][0]} id_0000000{i} {part}" for a, b, i, part in PAIRS
        ],
        "Anno/list_bbox_consumer2shop": [" ".join(map(str, row)) for row in BOXES],
        "Anno/list_landmarks_consumer2shop": [
            f"{BOXES[0][0]} 1 1 " + " ".join(f"{k % 3} {k:03} {2 * k}" for k in range(6)),
            f"{BOXES[3][0]} 2 5 " + " ".join(f"0 {k} {k}" for k in range(4)),
            f"{BOXES[5][0]} 3 2 " + " ".join(f"2 {k} 9" for k in range(8)),
            f"{BOXES[8][0]} 1 3 " + " ".join(["1 5 6"] * 6 + ["000 000 000"] * 2),
        ],
        "Anno/list_attr_items": [
            "id_00000001 1 -1 0 1",
            "id_00000002 -1 -1 -1 -1",
            "id_00000003 0 1 0 1",
        ],
        "Anno/list_item_consumer2shop": [f"id_0000000{i}" for i in range(1, 5)],
        "Anno/list_attr_cloth": [
            "上衣 tops 1",
            "圆领 (无领) round neck 2",
            "短袖 tops 2",
            "条纹 tops 2",
        ],
        "Anno/list_attr_type": ["面料 fabric 1", "领型 neck line"],
    }


@pytest.fixture
def write(tmp_path, write_list):
    """Writes a list of the data set, by its name without .txt."""
    return lambda name, rows, **how: write_list(
        tmp_path / NAME / f"{name}.txt", how.pop("header", HEADERS[name]), rows, **how
    )


@pytest.fixture
def root(tmp_path, picture, write):
    for i, (path, *_) in enumerate(BOXES):
        picture(f"{NAME}/Img/{path}", (20 * i, 0, 0), size=(30, 40), quality=95)
    for name, rows in lists().items():
        write(name, rows)
    return tmp_path


def rows(catalog):
    table = zip(catalog.split, catalog.source, strict=True)
    return sorted((split, source.split("id_0000000")[1]) for split, source in table)


TRAIN = [
    ("train", "1/comsumer_01.jpg"),
    ("train", "1/shop_01.jpg"),
    ("train", "4/comsumer_01.jpg"),
    ("train", "4/shop_01.jpg"),
]
TEST = [
    ("gallery", "3/shop_01.jpg"),
    ("query", "3/comsumer_01.jpg"),
    ("query", "3/comsumer_02.jpg"),
]


def test_the_protocol_and_the_other_readings(root):
    catalog = datasets.load(NAME, root)
    assert rows(catalog) == sorted([*TRAIN, *TEST, ("gallery", "2/shop_01.jpg")])
    assert catalog.where(split="gallery").item.tolist() == [2, 3]
    assert (catalog.domain == SHOP).tolist() == ["shop" in s for s in catalog.source]
    assert set(catalog.category) == {"T_Shirt", "Summer_Suit"}
    mmfashion = datasets.load(NAME, root, query="val+test")
    assert mmfashion.where(split="query").item.tolist() == [2, 3, 3]
    assert mmfashion.where(split="gallery").item.tolist() == [2, 3]
    apart = datasets.load(NAME, root, gallery="test")
    validation = [("val", "2/comsumer_01.jpg"), ("val", "2/shop_01.jpg")]
    assert rows(apart) == sorted([*TRAIN, *TEST, *validation])
    repeated = datasets.load(NAME, root, repeats="keep").where(split="gallery")
    assert repeated.item.tolist() == [2, 3, 3]  # one for each pair
    everything = datasets.load(NAME, root, pictures="all").where(split="train")
    assert everything.source.tolist()[-1] == f"{TEE}1/comsumer_02.jpg"
    assert everything.domain.tolist() == [STREET, STREET, SHOP, SHOP, STREET]
    held = datasets.load(NAME, root, val=0.5, seed=1)
    assert held.where(split="val").n_items == held.where(split="train").n_items == 1


def test_options_that_contradict_each_other_or_are_unknown(root):
    with pytest.raises(ValueError, match='gallery="test" keeps the validation items'):
        datasets.load(NAME, root, gallery="test", query="val+test")
    for option in ("query", "gallery", "pictures", "repeats", "resolution"):
        with pytest.raises(ValueError, match=f"unknown {option} 'train': choose one of"):
            datasets.load(NAME, root, **{option: "train"})
    with pytest.raises(ValueError, match="on_error must be one of"):
        datasets.load(NAME, root, on_error="ignore")
    with pytest.raises(ValueError, match=r"parts of the items, 0 to 1 together; not 1\.5"):
        datasets.load(NAME, root, val=1.5)


def test_boxes_guard_the_crop(root):
    with pytest.warns(UserWarning, match=r"1 boxes without area \(first: line 9\)"):
        catalog = datasets.load(NAME, root)
    box = dict(zip(catalog.source, catalog.box.tolist(), strict=True))
    assert box[f"{TEE}1/comsumer_01.jpg"] == [5, 10, 25, 30]
    assert box[f"{DRESS}3/comsumer_02.jpg"] == [-1] * 4
    square = catalog.where(source=f"{TEE}1/comsumer_01.jpg").pixels(20)
    assert square.max() < 60  # 20 x 20 px of the picture fill the square
    whole = catalog.where(source=f"{DRESS}3/comsumer_01.jpg").pixels(40)
    assert whole[0, :, 20, [0, 39]].min() > 250  # not the box: the letterboxed picture
    assert whole[0, 1, 20, 20] < 10


def test_high_resolution_scales_boxes_and_finds_the_renamed_folder(root, picture):
    folder = root / NAME
    with pytest.raises(ValueError, match='has no pictures img_highres/: use resolution="low"'):
        datasets.load(NAME, root, resolution="high")
    for path, *_ in BOXES:
        path = path.replace("img/", "img_highres/").replace("Summer_Suit", "Summer_Wear")
        file = picture(f"{NAME}/Img/{path}", "white", size=(300, 600))
    high = picture(f"{NAME}/Img/{BOXES[0][0].replace('img/', 'img_highres/')}", size=(450, 600))
    image = Image.new("RGB", (450, 600), "white")
    image.paste("black", (10, 20, 50, 60))  # twice the box
    image.save(high, quality=95)
    assert file.is_file()
    catalog = datasets.load(NAME, root, resolution="high")
    assert f"{DRESS}2/shop_01.jpg".replace("img/", "img_highres/").replace("Suit", "Wear") in (
        catalog.source
    )
    cut = catalog.where(source=BOXES[0][0].replace("img/", "img_highres/")).pixels(20)
    assert cut[0, :, 3:17, 3:17].max() < 40
    (folder / "Img").rename(folder / "elsewhere")
    (folder / "elsewhere/img").rename(folder / "img")  # the other layout, without Img/
    assert len(datasets.load(NAME, root)) == 8


def test_attributes_are_yes_no_or_unknown_by_item(root):
    catalog = datasets.load(NAME, root)
    names = ("fabric tops", "round neck", "neck line tops", "neck line tops 2")
    assert catalog.attribute_names == names
    by_item = dict(zip(catalog.item.tolist(), catalog.attributes.tolist(), strict=True))
    assert by_item[1] == [1, 0, -1, 1]
    assert by_item[2] == [0, 0, 0, 0]
    assert by_item[3] == [-1, 1, -1, 1]
    assert by_item[4] == [-1] * 4  # has no labels
    assert set(catalog.where(**{"round neck": "yes"}).item) == {3}


def test_landmarks_have_six_four_or_eight_points_by_type(root):
    found = c2s.landmarks(root)
    assert found.clothes_type.tolist() == [1, 2, 3, 1]
    assert found.variation_type.tolist() == [1, 5, 2, 3]
    left_hem, left_waist = LANDMARKS.index("left hem"), LANDMARKS.index("left waistline")
    assert found.visibility.tolist() == [
        [0, 1, 2, 0, -1, -1, 1, 2],
        [-1, -1, -1, -1, 0, 0, 0, 0],
        [2] * 8,
        [1, 1, 1, 1, -1, -1, 1, 1],
    ]
    assert found.points[0, left_hem].tolist() == [4, 8]
    assert np.isnan(found.points[0, left_waist]).all()
    assert found.points[1, left_waist].tolist() == [0, 0]


def test_verify_says_what_is_there_missing_and_odd(root, write):
    write("Anno/list_item_consumer2shop", ["id_00000001", "id_00000009"], count=5)
    (root / NAME / "Img" / BOXES[1][0]).unlink()
    (root / NAME / "Img" / BOXES[0][0]).write_bytes(b"x")
    report = datasets.verify(NAME, root)
    assert not report.complete
    assert report.missing == [BOXES[1][0]]
    assert report.damaged == [BOXES[0][0]]
    text = str(report)
    for line in (
        "pairs: 5 (published: 195,540)",
        "items in pairs: 4 (published: 33,881)",
        "pictures in the list of boxes: 10 (published: 239,557)",
        "1 of them are in no pair",
        "items in their list: 2; 4 in this or in pairs only",
        "attributes: 4 (published: 303)",
        "landmarks of 4 pictures",
        "line 1 says 5 rows, there are 2",
        "1 boxes without area",
    ):
        assert line in text
    assert [line.split()[:3] for line in text.splitlines()[-4:-3]] == [["train", "street", "2"]]
    with pytest.raises(ValueError, match=r"no file .*id_00000001/shop_01\.jpg \(1 of 8 pictures"):
        datasets.load(NAME, root)
    with pytest.warns(UserWarning, match="left out 1 of 8 pictures, not there"):
        assert len(datasets.load(NAME, root, on_error="missing")) == 7
    with pytest.warns(UserWarning, match="skipped 1 of 7 pictures"):
        assert len(datasets.load(NAME, root, on_error="skip")) == 6


def test_lists_that_disagree_are_reported(root, write):
    pairs = lists()["Eval/list_eval_partition"]
    write("Eval/list_eval_partition", pairs, count=9)
    with pytest.warns(UserWarning, match="line 1 says 9 rows, there are 5"):
        datasets.load(NAME, root)
    swapped = [" ".join(pairs[0].split()[i] for i in (1, 0, 2, 3)), *pairs[1:]]
    write("Eval/list_eval_partition", swapped)
    with pytest.warns(UserWarning, match="2 pictures stand on the other side of a pair"):
        catalog = datasets.load(NAME, root)
    assert (catalog.domain == SHOP).tolist() == ["shop" in s for s in catalog.source]
    write("Eval/list_eval_partition", pairs)
    boxes = lists()["Anno/list_bbox_consumer2shop"]
    write("Anno/list_bbox_consumer2shop", [*boxes[1:], boxes[1]])
    with pytest.warns(UserWarning, match="1 repeated lines") as caught:
        catalog = datasets.load(NAME, root)
    said = [str(warning.message) for warning in caught]
    assert any("1 pictures of pairs are not in the list of boxes" in text for text in said)
    assert len(catalog) == 8
    (root / NAME / "Anno/list_bbox_consumer2shop.txt").unlink()
    catalog = datasets.load(NAME, root)  # then the side of a pair decides
    assert (catalog.domain == SHOP).tolist() == ["shop" in s for s in catalog.source]
    assert (catalog.box == -1).all()
    with pytest.raises(ValueError, match='"all" needs list_bbox_consumer2shop'):
        datasets.load(NAME, root, pictures="all")


PARTITION, BBOX, LANDMARK, LABELS = list(HEADERS)[:4]


@pytest.mark.parametrize(
    ("name", "row", "old", "new", "message"),
    [
        (PARTITION, 2, "test", "tset", r"line 5, evaluation_status: 'tset' is wrong"),
        (PARTITION, 3, "test", "train", r"line 6, evaluation_status: .* in another part"),
        (PARTITION, 1, "id_00000002 ", "id_2x ", r"line 4, item_id: 'id_2x' is wrong"),
        (PARTITION, 1, "id_00000002 ", "id_00000007 ", r"line 4, image_pair_name_1: .* of the it"),
        (PARTITION, 0, "img/TOPS", "TOPS", r"line 3, image_pair_name_1: .* expected img/<group>"),
        (PARTITION, 0, " train", "", r"line 3: expected 4 columns"),
        (PARTITION, 0, "train", "train 1", r"line 3: expected 4 columns"),
        (BBOX, 4, " 1 ", " 3 ", r"line 7, source_type: '3' is wrong, expected one of \(1, 2\)"),
        (BBOX, 0, "025", "25.5", r"line 3, x_2: '25\.5' is wrong, expected a whole number"),
        (BBOX, 0, "/T_Shirt", "/../T_Shirt", r"line 3, image_name: .* expected img/<group>"),
        (BBOX, 1, BOXES[1][0], BOXES[0][0], r"line 4, .* earlier line has other values"),
        (LABELS, 1, "-1 -1 -1 -1", "-1 -1 -1", r"line 4: expected 4 labels, .* \(there are 3\)"),
        (LABELS, 0, "-1", "2", r"line 3: expected 4 labels, as list_attr_cloth"),
    ],
)
def test_a_wrong_line_is_named(root, write, name, row, old, new, message):
    rows = lists()[name]
    assert old in rows[row]
    rows[row] = rows[row].replace(old, new, 1)
    write(name, rows)
    with pytest.raises(ValueError, match=rf"{name.split('/')[1]}\.txt, {message}"):
        datasets.load(NAME, root)


def test_wrong_first_lines_and_files(root, write):
    pairs = lists()[PARTITION]
    path = write(PARTITION, pairs, count="many")
    with pytest.raises(ValueError, match=r"line 1: expected the number of rows, not 'many'"):
        datasets.load(NAME, root)
    write(PARTITION, pairs, count="\x1e5")  # a space to some, no digit to others
    assert len(datasets.load(NAME, root)) == 8
    write(PARTITION, pairs, header="image_name item_id evaluation_status")  # the in-shop list
    with pytest.raises(ValueError, match=r"line 2: expected the columns image_pair_name_1"):
        datasets.load(NAME, root)
    write(PARTITION, pairs)
    path.write_bytes(path.read_bytes().replace(b"train", b"tr\xffin"))
    with pytest.raises(ValueError, match=r"line 3: not UTF-8 text"):
        datasets.load(NAME, root)
    rows = lists()[LANDMARK]
    for wrong in (f"{rows[0]} 0 1 2", rows[0].replace(" 2 002 4", " 3 002 4")):
        write(LANDMARK, [wrong])
        with pytest.raises(ValueError, match=r"landmarks.*, line 3: expected 6 landmarks"):
            c2s.landmarks(root)
    write(LANDMARK, [rows[0].replace("002", "2.5")])
    with pytest.raises(ValueError, match=r"landmarks.*, line 3, landmarks: .* whole numbers"):
        c2s.landmarks(root)


characters = st.sampled_from("0129-. ix_/\t\r\n圆(\u3000\u2028\x1c\0") | st.characters()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(list(HEADERS)),
    at=st.integers(0, 2000),
    cut=st.integers(0, 9),
    new=st.text(characters, max_size=12),
)
@pytest.mark.filterwarnings("ignore")
def test_fuzz_a_damaged_list_is_read_or_its_line_named(root, write, attempt, name, at, cut, new):
    path = write(name, lists()[name])
    text = path.read_text(encoding="utf-8")
    at %= len(text)
    damaged = text[:at] + new + text[at + cut :]
    path.write_bytes(damaged.encode("utf-8", errors="surrogatepass"))
    body = [line for line in damaged.split("\n")[2 if HEADERS[name] else 1 :] if line.strip()]

    def read():
        catalog = datasets.load(NAME, root, query="val+test", on_error="missing")
        return {
            PARTITION: lambda: len(read_list(path, HEADERS[name].split())),
            BBOX: lambda: len(read_list(path, HEADERS[name].split())),
            LANDMARK: lambda: len(c2s.landmarks(root).image),
            "Anno/list_item_consumer2shop": lambda: len(read_items(path)),
            "Anno/list_attr_cloth": lambda: len(catalog.attribute_names),
        }.get(name, lambda: len(body))()

    rows, error = attempt(read)
    write(name, lists()[name])
    if error:
        assert path.name in error
        assert "line " in error
    else:
        assert rows == len(body)
