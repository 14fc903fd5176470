import json
import math
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fashret_utils.atomic import check_writable, replacing
from fashret_utils.evidence import embedding_files, provenance, records, staleness, tables
from fashret_utils.evidence.per_query import PerQuery


def retrieval(hit=0.5):
    return SimpleNamespace(
        metrics={"hit@1": np.float32(hit), "map@r": 0.25},
        intervals={"hit@1": (hit - 0.1, hit + 0.1), "map@r": (np.nan, np.nan)},
        n_query=8,
        n_valid=7,
        n_skipped=1,
        n_gallery=20,
        n_items=5,
    )


def record(hit=0.5, arm="triplet", scale="smoke", seed=0, data="wardrobe", chapter="demo", **more):
    return records.new(
        retrieval(hit), chapter=chapter, data=data, arm=arm, scale=scale, seed=seed, **more
    )


def test_a_record_survives_the_disk(tmp_path):
    made = record(
        catalog_hash="abc",
        curve={"step": [1, 2], "loss": [0.5, 0.25]},
        cost={"wall_seconds": np.float64(1.5)},
        extra={"margin": 0.2},
    )
    path = records.write(made, tmp_path)
    assert path == tmp_path / "demo" / "wardrobe" / "triplet" / "smoke-seed0.json"
    back = records.read(path)
    assert np.isnan(back.intervals["map@r"]).all()
    assert back.intervals["hit@1"] == (0.4, 0.6)
    assert replace(back, intervals={}) == replace(made, intervals={})
    assert back.extra == {"margin": 0.2}
    assert back.counts == {
        "n_query": 8,
        "n_valid": 7,
        "n_skipped": 1,
        "n_gallery": 20,
        "n_items": 5,
    }
    assert {"python", "torch", "numpy"} <= back.versions.keys()


def test_files_are_strict_json_one_line_a_key_and_the_same_each_time(tmp_path):
    made = record()
    path = records.write(made, tmp_path)
    text = path.read_text()
    payload = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert list(payload)[:5] == ["chapter", "data", "arm", "scale", "seed"]
    assert len(text.splitlines()) == len(payload) + 2
    assert records.write(made, tmp_path).read_text() == text
    assert list(path.parent.iterdir()) == [path]


def test_embeddings_lie_beside_as_float16_and_go_with_their_record(tmp_path, monkeypatch):
    generator = np.random.default_rng(0)
    query, gallery = generator.normal(size=(3, 4)), generator.normal(size=(5, 4))
    made = record()
    rows = {"query_items": np.arange(3), "gallery_items": np.arange(5)}
    path = records.write(made, tmp_path, query=query, gallery=gallery, **rows)
    back = records.read(path)
    (checksum,) = back.embeddings.pop("crc32")
    assert back.embeddings == {"query": [3, 4], "gallery": [5, 4]}
    back.embeddings["crc32"] = [checksum]
    arrays = records.embeddings(back, tmp_path)
    np.testing.assert_array_equal(arrays["query"], query.astype(np.float16).astype(np.float32))
    np.testing.assert_array_equal(arrays["gallery_items"], np.arange(5))

    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:  # a run that is stopped between embeddings and record
        patch.setattr(records.Path, "write_text", stop)
        with pytest.raises(KeyboardInterrupt):
            records.write(made, tmp_path, query=query + 1, gallery=gallery, **rows)
    with pytest.raises(records.ResultsError, match=r"smoke-seed0\.npz is not what its record"):
        records.embeddings(records.read(path), tmp_path)

    back = records.read(records.write(made, tmp_path))  # again, without embeddings
    assert not path.with_suffix(".npz").exists()
    with pytest.raises(FileNotFoundError, match=r"no embeddings at .*smoke-seed0\.npz"):
        records.embeddings(back, tmp_path)


def test_embeddings_without_their_items_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"missing: \['query_items', 'gallery_items'\]"):
        records.write(record(), tmp_path, query=np.ones((2, 2)), gallery=np.ones((2, 2)))
    with pytest.raises(ValueError, match="gallery has 2 embeddings but 3 items"):
        records.write(
            record(),
            tmp_path,
            query=np.ones((2, 2)),
            gallery=np.ones((2, 2)),
            query_items=np.arange(2),
            gallery_items=np.arange(3),
        )


@settings(deadline=None, max_examples=60)
@given(st.integers(-30, 30), st.integers(1, 40), st.integers(0, 2**16))
def test_kept_embeddings_of_any_length_give_the_same_ranking(power, dim, seed):
    random = np.random.default_rng(seed)
    query, gallery = random.normal(size=(5, dim)), random.normal(size=(7, dim))
    items = {"query_items": np.arange(5), "gallery_items": np.arange(7)}
    scaled = (query * 10.0**power, gallery * 10.0**power)
    arrays = embedding_files.prepared(*scaled, **items)
    for given_rows, kept in ((query, arrays["query"]), (gallery, arrays["gallery"])):
        kept = kept.astype(np.float64)
        cosines = np.einsum("nd,nd->n", given_rows, kept)
        cosines /= np.linalg.norm(given_rows, axis=1) * np.linalg.norm(kept, axis=1)
        assert cosines.min() > 1 - 1e-5


def test_embeddings_that_float16_holds_are_kept_as_they_are():
    query = np.random.default_rng(0).normal(size=(4, 3))
    items = {"query_items": np.arange(4), "gallery_items": np.arange(4)}
    kept = embedding_files.prepared(query, 100 * query, **items)
    np.testing.assert_array_equal(kept["query"], query.astype(np.float16))
    np.testing.assert_array_equal(kept["gallery"], (100 * query).astype(np.float16))


def test_embeddings_and_items_that_cannot_be_read_again_are_refused(tmp_path):
    x, items = np.ones((2, 2)), {"query_items": np.arange(2), "gallery_items": np.arange(2)}
    with pytest.raises(ValueError, match="gallery row 1 holds NaN or Inf"):
        records.write(record(), tmp_path, query=x, gallery=[[1, 1], [np.nan, 0]], **items)
    items |= {"query_items": np.array([0.5, 1.5])}
    with pytest.raises(ValueError, match=r"query_items, row 0: 0.5 is wrong"):
        records.write(record(), tmp_path, query=x, gallery=x, **items)
    with pytest.raises(ValueError, match=r"extra\['when'\] is a datetime, .*no record can hold"):
        records.write(record(extra={"when": datetime(2020, 1, 1)}), tmp_path)
    assert not list(tmp_path.rglob("*.*"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_what_is_plain_comes_back_and_stays_plain(value):
    kept = records.plain(value, "value")
    assert json.loads(json.dumps(kept, allow_nan=False)) == kept
    assert records.plain(kept, "value") == kept


def test_what_json_would_change_is_changed_or_refused_by_name():
    value = {"a": (1, np.float32(0.5)), "b": np.arange(2), 3: math.nan}
    assert records.plain(value, "v") == {"a": [1, 0.5], "b": [0, 1], "3": None}
    with pytest.raises(ValueError, match=r"v\['a'\] has keys that are the same as text"):
        records.plain({"a": {1: 0, "1": 0}}, "v")


@pytest.mark.parametrize(("field", "value"), [("arm", "a/b"), ("data", ".."), ("chapter", "")])
def test_names_that_cannot_be_folders_are_refused(tmp_path, field, value):
    with pytest.raises(ValueError, match=f"{field} .* cannot be the name of a folder"):
        records.write(record(**{field: value}), tmp_path)


def test_unknown_scale_is_refused():
    with pytest.raises(ValueError, match="unknown scale 'huge'"):
        record(scale="huge")


def test_unwritable_folder_is_named_with_what_to_do(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        records.ResultsError, match=r"file/results cannot be written.*pass results="
    ):
        check_writable(tmp_path / "file" / "results")
    with pytest.raises(records.ResultsError, match="cannot be written"):
        records.write(record(), tmp_path / "file" / "results")


def test_a_damaged_record_is_named(tmp_path):
    path = records.write(record(), tmp_path)
    path.write_text(path.read_text()[:40])
    with pytest.raises(ValueError, match=r"smoke-seed0\.json is not a run record"):
        records.load(tmp_path)


def test_load_filters_by_value_or_any_of_several(tmp_path):
    for arm in ("a", "b", "c"):
        for seed in (0, 1):
            records.write(record(arm=arm, seed=seed), tmp_path)
    assert len(records.load(tmp_path)) == 6
    found = records.load(tmp_path, arm=("a", "c"), seed=1)
    assert [(r.arm, r.seed) for r in found] == [("a", 1), ("c", 1)]
    assert records.load(tmp_path, scale="gpu") == []
    assert records.load(tmp_path / "nowhere") == []


def test_table_takes_the_t_interval_over_seeds_and_the_bootstrap_of_one():
    hits = [0.4, 0.5, 0.7]
    runs = [record(hit, seed=seed) for seed, hit in enumerate(hits)] + [record(0.2, arm="pixels")]
    frame = tables.table(runs, ["hit@1", "mrr"]).set_index("arm")
    low, high = stats.t.interval(0.95, 2, np.mean(hits), stats.sem(hits))
    assert frame.loc["triplet", "hit@1"] == pytest.approx(np.mean(hits))
    assert frame.loc["triplet", "hit@1 low"] == pytest.approx(low)
    assert frame.loc["triplet", "hit@1 high"] == pytest.approx(high)
    assert frame.loc["triplet", ["seeds", "interval"]].tolist() == [3, "t over seeds"]
    pixels = frame.loc["pixels"]
    assert pixels[["hit@1 low", "hit@1 high"]].tolist() == pytest.approx([0.1, 0.3])
    assert pixels["interval"] == "bootstrap over queries"
    assert frame["mrr"].isna().all()


def test_table_never_mixes_scales_nor_counts_a_seed_twice():
    runs = [record(0.2), record(0.4, scale="gpu")]
    assert tables.table(runs, ["hit@1"])[["scale", "hit@1"]].to_numpy().tolist() == [
        ["gpu", pytest.approx(0.4)],
        ["smoke", pytest.approx(0.2)],
    ]
    with pytest.raises(ValueError, match="several runs of one seed"):
        tables.table([record(), record(chapter="other")], ["hit@1"])
    assert len(tables.table([record(), record(chapter="other")], [], by=("chapter",))) == 2


def test_an_empty_table_has_its_columns():
    assert "hit@1 low" in tables.table([], ["hit@1"]).columns


def test_best_scale_is_chosen_for_each_arm():
    runs = [record(scale=s, arm=a) for a, s in [("a", "quick"), ("a", "gpu"), ("b", "smoke")]]
    best = [(r.arm, r.scale) for r in tables.best_scale(runs)]
    assert best == [("a", "gpu"), ("b", "smoke")]


MODULE = '''
"""A loss."""

def loss(x, margin=0.2):
    """Say something."""
    # why
    return max(0.0, x - margin), f"{x:>{margin}} and " "more"
'''


@pytest.fixture
def book(tmp_path):
    (tmp_path / "notebooks").mkdir()
    package = tmp_path / "fashret_utils"
    package.mkdir()
    (package / "losses.py").write_text(MODULE)
    (package / "plots.py").write_text("colour = 'red'\n")
    write_notebook(tmp_path)
    return tmp_path


def write_notebook(
    root,
    definition="def f(x):\n    return x + 1\n",
    prose="Hello",
    figure="draw()",
    imports="from fashret_utils import losses, plots",
):
    def code(source, *tags):
        return nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)})

    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(prose),
            code(imports, "definition"),
            *[code(part, "definition") for part in definition.split("\n\n")],
            code("%time train(f)", "experiment"),
            code(figure, "figure"),
        ]
    )
    nbformat.write(notebook, root / "notebooks" / "demo.ipynb")


def test_code_hash_ignores_prose_drawing_comments_docstrings_and_formatting(book):
    before = provenance.code_hash("demo", root=book)
    write_notebook(
        book,
        definition='def f( x ):\n    "Add one."\n    return (x+1)  # why\n',
        prose="Goodbye",
        figure="draw(2)",
    )
    (book / "fashret_utils" / "plots.py").write_text("colour = 'blue'\n")
    (book / "fashret_utils" / "losses.py").write_text(
        "def loss(x,\n         margin=0.2):\n"
        "    return (max(0.0, x - margin), f'{x:>{margin}} and more')\n"
    )
    assert provenance.code_hash("demo", root=book) == before


def test_code_hash_ignores_how_statements_are_spread_over_cells(book):
    write_notebook(book, definition="a = 1\nb = 2")
    before = provenance.code_hash("demo", root=book)
    write_notebook(book, definition="a = 1\n\nb = 2")
    assert provenance.code_hash("demo", root=book) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda root: write_notebook(root, definition="def f(x):\n    return x + 2\n"),
        lambda root: write_notebook(root, definition="def f(x):\n    return x - 1\n"),
        lambda root: write_notebook(root, definition="def f(x):\n    return None\n"),
        lambda root: (root / "fashret_utils" / "losses.py").write_text(
            MODULE.replace("0.2", "0.3")
        ),
        lambda root: (root / "fashret_utils" / "margins.py").write_text("m = 1\n"),
        lambda root: write_notebook(root, imports="from fashret_utils import losses, plots, other"),
    ],
)
def test_code_hash_changes_with_what_can_change_a_number(book, change):
    package = book / "fashret_utils"
    (package / "losses.py").write_text(MODULE + "\n    from .margins import m\n")
    for name in ("margins", "other"):
        (package / f"{name}.py").write_text("m = 0\n")
    made = replace(record(), code_hash=provenance.code_hash("demo", root=book))
    assert not staleness.is_stale(made, book)
    change(book)
    assert staleness.is_stale(made, book)


def test_code_hash_ignores_modules_that_the_chapter_does_not_reach(book):
    before = provenance.code_hash("demo", root=book)
    (book / "fashret_utils" / "new.py").write_text("x = 1\n")
    assert provenance.code_hash("demo", root=book) == before


def test_code_hash_covers_the_chapter_whose_definitions_are_taken(book):
    (book / "notebooks" / "demo.ipynb").rename(book / "notebooks" / "00_first.ipynb")
    write_notebook(
        book, definition='first = chapters.definitions("00_first")', imports="import fashret_utils"
    )
    before = provenance.code_hash("demo", root=book)
    (book / "fashret_utils" / "losses.py").write_text(MODULE.replace("0.2", "0.3"))
    assert provenance.code_hash("demo", root=book) != before


def test_code_hash_of_a_data_set_ignores_the_loaders_of_others(book):
    loaders = book / "fashret_utils" / "datasets"
    (loaders / "fashion_mnist_street").mkdir(parents=True)
    (loaders / "fashion_mnist.py").write_text("x = 1\n")
    (loaders / "fashion_mnist_street" / "catalog.py").write_text(
        "from fashret_utils.datasets import fashion_mnist\n"
    )
    (loaders / "grocery_store.py").write_text("x = 1\n")
    names = ("fashion-mnist-street", "grocery-store-packages", "wardrobe-garments", "folder")
    before = {name: provenance.code_hash("demo", name, root=book) for name in names}
    (loaders / "fashion_mnist.py").write_text("x = 2\n")
    changed = {
        name for name in names if provenance.code_hash("demo", name, root=book) != before[name]
    }
    assert changed == {"fashion-mnist-street", "folder"}


def test_code_hash_of_garments_ignores_what_only_shoes_need(book):
    drawing = book / "fashret_utils" / "wardrobe"
    for kind in ("garments", "shoes"):
        (drawing / kind).mkdir(parents=True)
        (drawing / kind / "kind.py").write_text("x = 1\n")
    (drawing / "garments" / "kind.py").write_text("from fashret_utils.wardrobe import tops\n")
    (drawing / "tops.py").write_text("x = 1\n")
    names = ("wardrobe-garments-gap0.5", "wardrobe-shoes", "grocery-store")
    before = {name: provenance.code_hash("demo", name, root=book) for name in names}
    (drawing / "tops.py").write_text("x = 2\n")
    changed = {
        name for name in names if provenance.code_hash("demo", name, root=book) != before[name]
    }
    assert changed == {"wardrobe-garments-gap0.5"}


def test_code_hash_covers_what_doors_hand_on_through_several_rooms(book):
    outer = book / "fashret_utils" / "models"
    (outer / "trunks").mkdir(parents=True)
    door = "import lazy_loader as lazy\n\nx = lazy.attach(__name__, submod_attrs={})\n"
    (outer / "__init__.py").write_text(door.replace("{}", '{"trunks": ["trunk"]}'))
    (outer / "trunks" / "__init__.py").write_text(door.replace("{}", '{"imagenet": ["trunk"]}'))
    (outer / "trunks" / "imagenet.py").write_text("x = 1\n")
    write_notebook(book, imports="from fashret_utils.models import trunk")
    before = provenance.code_hash("demo", root=book)
    (outer / "trunks" / "imagenet.py").write_text("x = 2\n")
    assert provenance.code_hash("demo", root=book) != before


def test_code_hash_is_the_same_under_every_python(book):
    # Golden value: Python 3.11, 3.12 and 3.13 must agree, or a record goes stale by an upgrade.
    assert provenance.code_hash("demo", root=book) == "59814a83df807e47"


def test_listing_says_what_is_stale(tmp_path):
    records.write(record(arm="old", code_hash="0"), tmp_path)
    records.write(record(arm="young"), tmp_path)
    old, young = staleness.listing(tmp_path).splitlines()
    assert " old " in old
    assert old.endswith("stale")
    assert young.endswith("current")
    assert "no records" in staleness.listing(tmp_path / "none")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def torn_write():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        torn_write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_per_query_results_go_with_their_record(tmp_path):
    made = record()
    kept = PerQuery(np.array([0.5, 0.25]), np.array([1, 3]), np.array([7, 8]))
    path = records.write(made, tmp_path, per_query=kept)
    back = records.read(path)
    assert back.per_query["n"] == 2
    assert records.per_query(back, tmp_path).metric("hit@1").tolist() == [1, 0]
    records.write(made, tmp_path)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    with pytest.raises(FileNotFoundError, match="without per-query results: run it again"):
        records.per_query(records.read(path), tmp_path)
    assert len(records.load(tmp_path)) == 1  # the queries' own file is no record
