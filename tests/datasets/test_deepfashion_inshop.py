"""DeepFashion In-shop: shop pictures of the same clothes, query and gallery as listed."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from fashret_utils import datasets
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets.deepfashion import inshop
from fashret_utils.datasets.deepfashion.lists import read_list

NAME = "deepfashion-inshop"
BLOUSE, DENIM = "img/WOMEN/Blouses_Shirts/id_0000000", "img/MEN/Denim/id_0000000"
PICTURES = [  # picture, item, part, pose type
    (f"{BLOUSE}1/02_1_front.jpg", 1, "train", 1),
    (f"{BLOUSE}1/02_2_side.jpg", 1, "train", 2),
    (f"{BLOUSE}1/02_4_full.jpg", 1, "train", 4),
    (f"{BLOUSE}2/01_1_front.jpg", 2, "query", 1),
    (f"{BLOUSE}2/01_3_back.jpg", 2, "gallery", 3),
    (f"{DENIM}3/01_7_additional.jpg", 3, "query", 5),
    (f"{DENIM}3/01_6_flat.jpg", 3, "gallery", 6),
    (f"{DENIM}4/01_1_front.jpg", 4, "train", 1),
]
HEADERS = {
    "list_eval_partition": "image_name item_id evaluation_status",
    "list_bbox_inshop": "image_name clothes_type pose_type x_1 y_1 x_2 y_2",
    "list_attr_cloth": "attribute_name",
    "list_attr_items": "item_id attributes",
    "list_item_inshop": "",
}


def lists():
    return {
        "list_eval_partition": [f"{p} id_0000000{i} {part}" for p, i, part, _ in PICTURES],
        "list_bbox_inshop": [f"{p} 1 {pose} 064 032 192 224" for p, _, _, pose in PICTURES[:7]],
        "list_attr_cloth": ["v-neck", "long sleeve"],
        "list_attr_items": ["id_00000001 1 -1", "id_00000002 0 1", "id_00000003 -1 -1"],
        "list_item_inshop": [f"id_0000000{i}" for i in range(1, 5)],
    }


@pytest.fixture
def write(tmp_path, write_list):
    def write(name, rows, **how):
        folder = "Eval" if name == "list_eval_partition" else "Anno"
        return write_list(tmp_path / NAME / folder / f"{name}.txt", HEADERS[name], rows, **how)

    return write


@pytest.fixture
def root(tmp_path, picture, write):
    for i, (path, *_) in enumerate(PICTURES):
        picture(f"{NAME}/Img/{path}", (20 * i, 0, 0), size=(32, 32), quality=95)
    for name, rows in lists().items():
        write(name, rows)
    return tmp_path


@pytest.mark.filterwarnings("ignore:.*not in the list of boxes")
def test_query_and_gallery_as_listed(root):
    catalog = datasets.load(NAME, root)
    assert catalog.split.tolist() == [part for _, _, part, _ in PICTURES]
    assert catalog.item.tolist() == [item for _, item, _, _ in PICTURES]
    assert set(catalog.domain.tolist()) == {SHOP}  # both sides are shop pictures
    assert catalog.category.tolist() == ["Blouses_Shirts"] * 5 + ["Denim"] * 3
    assert catalog.view.tolist() == [
        *("front", "side", "zoom-out", "front", "back", "zoom-in", "stand-alone", "")
    ]
    assert catalog.attribute_names == ("v-neck", "long sleeve")
    assert catalog.attributes[[0, 3, 7]].tolist() == [[1, 0], [-1, 1], [-1, -1]]
    assert np.abs(catalog.pixels(8)[:, 0, 4, 4].astype(int) - 20 * np.arange(8)).max() <= 3


@pytest.mark.filterwarnings("ignore:.*not in the list of boxes")
def test_other_readings(root):
    roles = datasets.load(NAME, root, domains="roles")
    assert roles.domain.tolist() == [STREET, SHOP, STREET, STREET, SHOP, STREET, SHOP, STREET]
    several = datasets.load(NAME, root, single="drop")
    assert several.item.tolist() == [1, 1, 1, 2, 2, 3, 3]
    held = datasets.load(NAME, root, val=1.0)
    assert held.where(split="val").item.tolist() == [1, 1, 1]  # item 4 has one picture
    for option in ("domains", "single", "resolution"):
        with pytest.raises(ValueError, match=f"unknown {option} 'x': choose one of"):
            datasets.load(NAME, root, **{option: "x"})


@pytest.mark.filterwarnings("ignore:.*not in the list of boxes")
def test_boxes_lie_in_the_square_of_256_pixels(root):
    folder = root / NAME / "Img"
    for path, *_ in PICTURES:
        file = folder / path.replace("img/", "img_highres/")
        file.parent.mkdir(parents=True, exist_ok=True)
        image = Image.new("RGB", (256, 512), "white")  # 64 px of margin on each side, when halved
        image.paste("black", (0, 64, 256, 448))
        image.save(file, quality=95)
    cut = datasets.load(NAME, root, resolution="high", crop=True).pixels(24)
    assert cut[:7, :, 3:-3, 7:-7].max() < 40
    assert cut[7, :, :2].min() > 250  # no box: the whole picture
    whole = datasets.load(NAME, root, resolution="high").pixels(24)
    assert whole[0, :, :2, 9:-9].min() > 250


def test_flattened_copies(root):
    folder = root / NAME
    for name in ("Eval/list_eval_partition.txt", "Anno/list_bbox_inshop.txt"):
        (folder / name).rename(folder / name.split("/")[1])
    (folder / "Img/img").rename(folder / "img_highres")
    (folder / "Anno").rename(folder / "elsewhere")
    with pytest.raises(ValueError, match='has no pictures img/: use resolution="high"'):
        datasets.load(NAME, root)
    with pytest.warns(UserWarning, match="1 pictures are not in the list of boxes"):
        catalog = datasets.load(NAME, root, resolution="high")
    assert catalog.source[0].startswith("img_highres/WOMEN/")
    assert catalog.attribute_names == ()
    report = datasets.verify(NAME, root)
    assert report.complete
    assert "no list_item_inshop.txt" in str(report)
    (folder / "list_bbox_inshop.txt").unlink()
    assert set(datasets.load(NAME, root, resolution="high").view) == {""}
    assert "no boxes and no views" in str(datasets.verify(NAME, root))


@pytest.mark.filterwarnings("ignore:.*not in the list of boxes")
def test_verify_compares_counts_with_the_published_ones(root, write_list):
    marks = [f"{PICTURES[0][0]} 2 1 0 1 1 0 1 1 0 1 1 0 1 1"]
    path = root / NAME / "Anno/list_landmarks_inshop.txt"
    write_list(path, "image_name clothes_type variation_type", marks)
    assert inshop.landmarks(root).points[0, 4].tolist() == [1, 1]
    (root / NAME / "Img" / PICTURES[0][0]).unlink()
    report = datasets.verify(NAME, root)
    assert report.missing == [PICTURES[0][0]]
    assert report.found == 7
    for line in (
        "pictures: 8 (published: 52,712)",
        "items: 4 (published: 7,982)",
        "query pictures: 2 (published: 14,218)",
        "items in their list: 4; 0 in one of both lists only",
        "landmarks of 1 pictures",
        "remark: 1 pictures are not in the list of boxes",
    ):
        assert line in str(report)


@pytest.mark.parametrize(
    ("row", "old", "new", "message"),
    [
        (0, "train", "test", r"line 3, evaluation_status: 'test' is wrong"),
        (2, "train", "query", r"line 5, evaluation_status: .* item in another part"),
        (1, "id_00000001 ", "id_00000002 ", r"line 4, image_name: .* path of the item"),
        (1, " id_00000001 ", " ", r"line 4: expected 3 columns"),
    ],
)
def test_a_wrong_line_is_named(root, write, row, old, new, message):
    rows = lists()["list_eval_partition"]
    assert old in rows[row]
    rows[row] = rows[row].replace(old, new, 1)
    write("list_eval_partition", rows)
    with pytest.raises(ValueError, match=rf"list_eval_partition\.txt, {message}"):
        datasets.load(NAME, root)


@pytest.mark.filterwarnings("ignore:.*not in the list of boxes")
def test_queries_without_an_answer_are_reported(root, write):
    write("list_eval_partition", lists()["list_eval_partition"][:6])
    with pytest.warns(UserWarning, match="1 of 2 queries show an item that is not in the gallery"):
        datasets.load(NAME, root)


characters = st.sampled_from("019-. id_/\t\n圆\u2028\0") | st.characters()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(list(HEADERS)[:4]),
    at=st.integers(0, 1500),
    cut=st.integers(0, 60),
    new=st.text(characters, max_size=12),
)
@pytest.mark.filterwarnings("ignore")
def test_fuzz_a_damaged_list_is_read_or_its_line_named(root, write, attempt, name, at, cut, new):
    path = write(name, lists()[name])
    text = path.read_text(encoding="utf-8")
    at %= len(text)
    damaged = text[:at] + new + text[at + cut :]
    path.write_bytes(damaged.encode("utf-8", errors="surrogatepass"))
    body = [line.split() for line in damaged.split("\n")[2:] if line.strip()]
    catalog, error = attempt(datasets.load, NAME, root, on_error="missing")
    if error:
        assert path.name in error
        assert "line " in error
    elif name == "list_eval_partition":
        listed = read_list(path, HEADERS[name].split())
        assert listed["image_name"].tolist() == [row[0] for row in body]
        assert set(catalog.source) <= set(listed["image_name"])
    elif name == "list_attr_cloth":
        assert catalog.attribute_names[0] == " ".join(body[0])
        assert len(catalog.attribute_names) == len(body)
    write(name, lists()[name])
