"""LookBench, as its official code describes it: tables of pictures in Parquet files."""

import io
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from fashret_utils import datasets
from fashret_utils.data.columns import SHOP, STREET
from fashret_utils.datasets.lookbench.catalog import CONFIGS

NAME = "lookbench"
STREETLOOK = "real_streetlook"
QUERY = [  # item_ID, category, main_attribute, other_attributes
    (1, "dress", "lace", "printed, bead"),
    (2, "coat", None, None),
    (9, "bag", "leather", ""),
]
GALLERY = [
    (1, "dress", "lace", "bead, printed"),
    (1, "dress", "lace", "printed"),
    (2, "coat", None, None),
    (3, "dress", "silk", "printed, bead"),
    (4, None, "leather", ""),
]
NOISE = [(1, "dress", "lace", "printed, bead"), (None, "bag", None, None)]


def jpeg(shade):
    file = io.BytesIO()
    Image.new("RGB", (6, 9), (shade, 0, 0)).save(file, "JPEG", quality=95)
    return file.getvalue()


def table(rows, shade=0):
    """A table as Hugging Face writes it; its paths lead where nobody should go."""
    item, category, main, other = (list(column) for column in zip(*rows, strict=True))
    columns = {
        "image": [
            {"bytes": jpeg(shade + 10 * i), "path": "../../../etc/passwd"} for i in range(len(rows))
        ],
        "item_ID": item,
        "category": category,
        "main_attribute": main,
        "other_attributes": other,
        "task": ["multi"] * len(rows),
        "difficulty": ["hard"] * len(rows),
    }
    return pl.DataFrame(columns, schema_overrides={"main_attribute": pl.String})


@pytest.fixture
def write(tmp_path):
    """Writes a table below the release, in row groups of two rows, and gives its path."""

    def write(name, frame):
        path = tmp_path / NAME / "v20251201" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(path, row_group_size=2)
        return path

    return write


@pytest.fixture
def root(tmp_path, write):
    for config in CONFIGS:
        write(f"{config}/query", table(QUERY))
        write(f"{config}/gallery", table(GALLERY, 100))
    write("noise/gallery", table(NOISE, 200))
    return tmp_path


def rights(catalog):
    """For each query the places of the gallery that are right."""
    gallery = catalog.where(split="gallery").item
    return [np.flatnonzero(gallery == item).tolist() for item in catalog.where(split="query").item]


def load(root, answered=False, **options):
    """A configuration, with a warning unless all its queries are answered."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        catalog = datasets.load(NAME, root, **options)
    said = ["not in the gallery" in str(warning.message) for warning in caught]
    assert said == ([] if answered else [True])
    return catalog


def test_a_query_finds_its_item(root):
    catalog = load(root)
    assert catalog.name == "lookbench-real_streetlook"
    assert catalog.protocol == "open-set"
    assert set(catalog.split) == {"query", "gallery"}  # a benchmark has nothing to learn from
    assert rights(catalog) == [[0, 1], [2], []]  # not the noise, whose item_ID is 1 as well
    assert catalog.domain.tolist() == [STREET] * 3 + [SHOP] * 7
    assert catalog.category[:3].tolist() == ["dress", "coat", "bag"]
    assert len(np.unique(catalog.item)) == 4 + 1 + 2
    assert catalog.where(main_attribute="lace").source.tolist() == [
        "real_streetlook/query.parquet#0",
        "real_streetlook/gallery.parquet#0",
        "real_streetlook/gallery.parquet#1",
        "noise/gallery.parquet#0",
    ]


@pytest.mark.parametrize(
    ("relevance", "noise", "expected"),
    [
        ("fine", "own", [[0], [2], []]),  # the order of attributes says nothing
        ("fine", "labels", [[0, 5], [2], []]),
        ("main", "own", [[0, 1], [2], []]),
        ("coarse", "own", [[0, 1, 3], [2], []]),
        ("coarse", "labels", [[0, 1, 3, 5], [2], [6]]),
        ("coarse", "none", [[0, 1, 3], [2], []]),
    ],
)
def test_other_readings_of_a_right_answer(root, relevance, noise, expected):
    found = load(root, relevance=relevance, noise=noise, answered=all(expected))
    assert rights(found) == expected
    assert found.name == f"lookbench-real_streetlook-{relevance}"
    assert found.protocol == "closed-set"


def test_pictures_are_read_by_row_and_cached(root):
    catalog = load(root)
    reds = [0, 10, 20, 100, 110, 120, 130, 140, 200, 210]
    pixels = catalog.pixels(9)
    assert np.abs(pixels[:, 0, 4, 4].astype(int) - reds).max() < 4
    assert (pixels[:, :, 4, 0] == 255).all()  # letterboxed
    mixed = catalog.take(np.array([8, 0, 5, 0]))
    assert np.abs(mixed.pixels(9)[:, 0, 4, 4].astype(int) - [200, 0, 120, 0]).max() < 4


def test_domains_and_noise_of_the_configurations(root):
    studio = load(root, config="aigen_studio", noise="none")
    assert len(studio) == 8
    assert set(studio.domain) == {SHOP}
    roles = load(root, config="aigen_studio", domains="roles")
    assert roles.where(domain="street").split.tolist() == ["query"] * 3
    for options, message in (
        ({"config": "noise"}, "unknown config 'noise': choose one of"),
        ({"relevance": "colour"}, "unknown relevance"),
        ({"noise": "labels"}, r"unknown noise 'labels': choose one of \('own', 'none'\)"),
        ({"domains": "both"}, "unknown domains"),
        ({"on_error": "missing"}, "unknown on_error"),
    ):
        with pytest.raises(ValueError, match=message):
            datasets.load(NAME, root, **options)


def test_absent_configurations_are_named(root):
    release = root / NAME / "v20251201"
    for config in ("aigen_studio", "noise"):
        for path in (release / config).iterdir():
            path.unlink()
        (release / config).rmdir()
    with pytest.raises(ValueError, match=r"no folder .*aigen_studio: .* there is real_studio_flat"):
        datasets.load(NAME, root, config="aigen_studio")
    with pytest.raises(ValueError, match=r'no folder .*noise: .*noise="none"'):
        datasets.load(NAME, root)
    assert len(load(release, noise="none")) == 8  # the release itself as root
    report = datasets.verify(NAME, root)
    assert report.missing == ["aigen_studio", "noise"]
    assert "real_streetlook, pictures searched: 5 (published: 61,553)" in str(report)


def test_verify_counts_and_names_bad_pictures(root, write):
    frame = table(GALLERY, 100).to_dicts()
    frame[1]["image"]["bytes"] = None
    frame[4]["image"]["bytes"] = b"no picture"
    frame[0]["image"] = None
    path = write(f"{STREETLOOK}/gallery", pl.DataFrame(frame))
    (root / NAME / "v20251201/aigen_studio/gallery.parquet").write_bytes(b"PAR1")
    report = datasets.verify(NAME, root)
    gallery = "real_streetlook/gallery.parquet"
    assert report.damaged == ["aigen_studio", f"{gallery}#0", f"{gallery}#1", f"{gallery}#4"]
    for line in (
        "found    7 files",
        "real_streetlook, queries: 3 (published: 1,000)",
        "real_streetlook, pictures searched: 7 (published: 61,553)",
        "real_streetlook, readings: item, fine, main, coarse",
        "remark: real_streetlook, item: 1 of 3 queries show an item that is not in the gallery",
        "aigen_studio/gallery.parquet: damaged, or no Parquet file",
        "pictures: 26",
    ):
        assert line in str(report)
    catalog = load(root)
    for row, problem in enumerate(
        ["there are no bytes", "there are no bytes", None, None, "trunc"]
    ):
        one = catalog.where(source=f"{gallery}#{row}")
        if problem is None:
            assert one.pixels(4).shape == (1, 3, 4, 4)
        else:
            with pytest.raises(ValueError, match=rf"{path}, row {row}: {problem}"):
                one.pixels(4)
    with (
        pytest.warns(UserWarning, match="2 of 3 queries show an item that is not"),
        pytest.warns(UserWarning, match=r"skipped 3 of 10 pictures: .*row 0.*row 1.*row 4"),
    ):
        assert len(datasets.load(NAME, root, on_error="skip")) == 7


def test_without_item_numbers_labels_remain(root, write):
    for part, rows in (("query", QUERY), ("gallery", GALLERY)):
        write(f"{STREETLOOK}/{part}", table(rows).drop("item_ID"))
    message = r"query\.parquet has no column item_ID, .* there remain: fine, main, coarse"
    with pytest.raises(ValueError, match=message):
        datasets.load(NAME, root)
    assert rights(load(root, relevance="main")) == [[0, 1], [2], []]
    assert "real_streetlook, readings: fine, main, coarse" in str(datasets.verify(NAME, root))
    for part, rows in (("query", QUERY), ("gallery", GALLERY)):
        write(f"{STREETLOOK}/{part}", table(rows).rename({"item_ID": "item_id"}))
    assert rights(load(root)) == [[0, 1], [2], []]
    write(f"{STREETLOOK}/query", table(QUERY).select("image", "task"))
    with pytest.raises(ValueError, match="there remain: none"):
        datasets.load(NAME, root)


@pytest.mark.parametrize("kind", [pl.String, pl.Float64, pl.UInt8, pl.Categorical])
def test_item_numbers_of_any_type(root, write, kind):
    frame = table(QUERY)
    ids = frame["item_ID"].cast(pl.String) if kind == pl.Categorical else frame["item_ID"]
    write(f"{STREETLOOK}/query", frame.with_columns(ids.cast(kind)))
    assert rights(load(root)) == [[0, 1], [2], []]


def test_attributes_as_lists(root, write):
    lists = pl.col("main_attribute", "other_attributes").str.split(", ")
    for part, rows in (("query", QUERY), ("gallery", GALLERY)):
        write(f"{STREETLOOK}/{part}", table(rows).with_columns(lists))
    assert rights(load(root, relevance="fine")) == [[0], [2], []]


def test_queries_without_a_category_are_counted(root, write):
    write(f"{STREETLOOK}/query", table([*QUERY[:2], GALLERY[4]]))
    with (
        pytest.warns(UserWarning, match="1 queries have no category: nothing is right for them"),
        pytest.warns(UserWarning, match="1 of 3 queries show an item that is not"),
    ):
        catalog = datasets.load(NAME, root, relevance="coarse")
    assert rights(catalog) == [[0, 1, 3], [2], []]


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("item_ID", [1, None, 2], r"query\.parquet, row 1: expected an item_ID, .* not 'None'"),
        ("item_ID", [1.0, 2.5, 2.0], r"query\.parquet, row 1: expected an item_ID, .* not '2.5'"),
        ("item_ID", ["a", "b", " "], r"query\.parquet, row 2: expected an item_ID"),
        ("category", [[1], [2], [3]], r"query\.parquet, row 0: expected labels, a list or text"),
        ("other_attributes", [{"a": 1}] * 3, r"row 0: expected labels, a list or text"),
        ("image", ["x.jpg"] * 3, r"query\.parquet: expected a column 'image' of bytes"),
        ("image", [{"path": "x.jpg"}] * 3, r"expected a column 'image' of bytes, or of"),
    ],
)
def test_a_wrong_row_or_column_is_named(root, write, column, values, message):
    write(f"{STREETLOOK}/query", table(QUERY).with_columns(pl.Series(column, values)))
    with pytest.raises(ValueError, match=message):
        datasets.load(NAME, root)


def test_files_in_parts(root, write):
    (root / NAME / f"v20251201/{STREETLOOK}/gallery.parquet").unlink()
    with pytest.raises(ValueError, match=r"no file .*gallery\.parquet, and no gallery-00000-of"):
        datasets.load(NAME, root)
    frame = table(GALLERY, 100)
    second = write(f"{STREETLOOK}/gallery-00001-of-00002", frame[3:])
    with pytest.raises(ValueError, match=r"no file .*gallery-00000-of-00002\.parquet: it is one"):
        datasets.load(NAME, root)
    write(f"{STREETLOOK}/gallery-00000-of-00002", frame[:3])
    catalog = load(root)
    assert rights(catalog) == [[0, 1], [2], []]
    assert catalog.source[6] == f"{STREETLOOK}/{second.name}#0"
    assert abs(int(catalog.pixels(9)[6, 0, 4, 4]) - 130) < 4


def test_bytes_alone_are_pictures_too(root, write):
    bare = table(QUERY).with_columns(pl.col("image").struct.field("bytes").alias("image"))
    write(f"{STREETLOOK}/query", bare)
    assert abs(int(load(root).pixels(9)[2, 0, 4, 4]) - 20) < 4


def test_an_exchanged_file_is_read_again(root, write):
    assert int(load(root).pixels(9)[0, 0, 4, 4]) < 4
    write(f"{STREETLOOK}/query", table(QUERY, 50))
    assert abs(int(load(root).pixels(9)[0, 0, 4, 4]) - 50) < 4


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="tells no peak of memory")
def test_memory_is_bounded_by_a_row_group(tmp_path, write):
    rng = np.random.default_rng(0)
    blobs = [{"bytes": rng.bytes(2**20), "path": ""} for _ in range(64)]  # 64 MiB, 8 a group
    frame = pl.DataFrame({"image": blobs, "item_ID": range(64)})
    path = tmp_path / f"{NAME}/{STREETLOOK}"
    path.mkdir(parents=True)
    frame.write_parquet(path / "query.parquet", row_group_size=8)
    frame.write_parquet(path / "gallery.parquet", row_group_size=8)
    code = f"""
from pathlib import Path
from fashret_utils import datasets
from fashret_utils.datasets.reading.parquet_pictures import ParquetReader
import polars
polars.DataFrame({{"a": [1]}}).lazy().select("a").collect()
peak = lambda: int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 2**10
before = peak()
catalog = datasets.load("lookbench", {str(tmp_path)!r}, noise="none")
listed = peak()
for row in range(0, 128, 2):
    list(catalog.reader.pictures(catalog.source[[row]].tolist()))
print(len(catalog), listed - before, peak() - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rows, listed, read = map(int, done.stdout.split())
    assert rows == 128
    assert listed < 30
    assert read < 60


def test_polars_is_imported_when_a_file_is_opened():
    code = "import sys; from fashret_utils import datasets; print('polars' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from([f"{STREETLOOK}/query", f"{STREETLOOK}/gallery", "noise/gallery"]),
    at=st.integers(0, 2**16),
    cut=st.integers(0, 40) | st.just(2**16),
    new=st.binary(max_size=8),
)
@pytest.mark.filterwarnings("ignore")
def test_fuzz_a_damaged_file_is_read_or_named(root, attempt, name, at, cut, new):
    path = root / NAME / "v20251201" / f"{name}.parquet"
    whole = path.read_bytes()
    at %= len(whole)
    path.write_bytes(whole[:at] + new + whole[at + cut :])
    catalog, error = attempt(datasets.load, NAME, root)
    if error is None:
        assert len(catalog) <= len(QUERY) + len(GALLERY) + len(NOISE)
        _, error = attempt(catalog.pixels, 4)
    path.write_bytes(whole)
    assert error is None or str(path) in error
