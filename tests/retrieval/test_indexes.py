"""Indexes of large galleries: exact ones are the house's search, the others find most of it."""

import json
import os
import signal
import subprocess
import sys
import time

import faiss.contrib.torch_utils  # noqa: F401 - as pytorch-metric-learning does: changes search
import numpy as np
import pytest

from fashret_utils import retrieval
from fashret_utils.retrieval import index_files, indexes

N, D = 6000, 32
# Share of the ten true neighbours that each kind must find of this gallery, at its own effort.
RECALL = {"exact": 1.0, "ivf": 0.97, "hnsw": 0.95, "pq": 0.6, "ivf-pq": 0.95}


def clustered(seed: int, items: np.ndarray, noise: float) -> np.ndarray:
    """Pictures around the centres of their items, which lie near a space of eight dimensions."""
    centres = np.random.default_rng(0).standard_normal((N // 4, 8))
    random = np.random.default_rng(seed)
    basis = np.random.default_rng(1).standard_normal((8, D))
    rows = centres[items] @ basis + noise * random.standard_normal((len(items), D))
    return rows.astype(np.float32)


@pytest.fixture(scope="module")
def gallery():
    return clustered(2, np.arange(N) // 4, 0.4)


@pytest.fixture(scope="module")
def query():
    return clustered(3, np.arange(0, N // 4, 15), 0.8)  # (100, D)


@pytest.fixture(scope="module")
def built(gallery):
    return {kind: indexes.build(gallery, kind) for kind in indexes.KINDS}


def recall(found: np.ndarray, true: np.ndarray) -> float:
    return np.mean([len(np.intersect1d(a, b)) / len(b) for a, b in zip(found, true, strict=True)])


def same(a, b) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("kind", indexes.KINDS)
def test_what_each_kind_finds(kind, built, gallery, query):
    similarities, indices = built[kind].search(query, 10)
    true = retrieval.search(query, gallery, 10)[1]
    assert recall(indices, true) >= RECALL[kind]
    assert (np.diff(similarities, axis=1) <= 0).all()
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (query, gallery)]
    cosines = np.einsum("nkd,nd->nk", unit[1][indices], unit[0])
    tolerance = {"pq": 0.3, "ivf-pq": 2e-3}.get(kind, 1e-5)  # codes, half precision, float32
    np.testing.assert_allclose(similarities, cosines, atol=tolerance)


def test_codes_alone_are_not_mistaken_for_the_rows(built, gallery, query):
    true = retrieval.search(query, gallery, 10)[1]
    assert recall(built["pq"].search(query, 10)[1], true) < 0.99


@pytest.mark.parametrize("k", [1, 10, N])
def test_exact_is_the_search_of_the_house(k, built, gallery, query):
    assert same(built["exact"].search(query, k), retrieval.search(query, gallery, k))


@pytest.mark.parametrize("shards", [1, 3, 8])
def test_exact_keeps_the_tie_rule_in_one_shard_and_in_many(shards, query):
    rows = clustered(4, np.arange(50), 0.4)
    gallery = np.concatenate([rows, rows, rows[::-1]])  # copies in one shard and across shards
    true = retrieval.search(query, gallery, 7)
    similarities, indices = indexes.build(gallery, shards=shards).search(query, 7)
    assert np.array_equal(indices, true[1])
    np.testing.assert_allclose(similarities, true[0], atol=1e-6)


@pytest.mark.parametrize("kind", [kind for kind in indexes.KINDS if kind != "hnsw"])
def test_shards_find_what_one_index_finds(kind, built, gallery, query):
    parts = indexes.build(gallery, kind, shards=4)
    one, many = built[kind].search(query, 10), parts.search(query, 10)
    np.testing.assert_allclose(many[0], one[0], atol=1e-6)
    if kind == "ivf-pq":  # each shard ranks its own candidates again: more in all
        assert recall(many[1], one[1]) > 0.97
    else:  # equal codes tie, and a tie at the cut may fall either way
        above = one[0] > one[0][:, -1:]
        assert above.mean() > 0.85
        assert np.array_equal(many[1][above], one[1][above])
    assert [shard.start for shard in parts.shards] == [0, 1500, 3000, 4500]
    assert len(parts) == N


def test_graphs_in_shards_find_no_less(built, gallery, query):
    true = retrieval.search(query, gallery, 10)[1]
    parts = indexes.build(gallery, "hnsw", shards=4)
    one = recall(built["hnsw"].search(query, 10)[1], true)
    assert recall(parts.search(query, 10)[1], true) >= one


@pytest.mark.parametrize("kind", ["ivf", "hnsw", "ivf-pq"])
def test_more_effort_finds_more(kind, built, gallery, query):
    true = retrieval.search(query, gallery, 10)[1]
    little, much = (recall(built[kind].search(query, 10, effort)[1], true) for effort in (1, 256))
    assert little < much
    assert much > 0.98


def test_too_few_found_is_said_by_minus_one(gallery, query):
    index = indexes.build(gallery, "ivf", recipe="IVF128,Flat")
    similarities, indices = index.search(query, 500, effort=1)
    missing = indices == -1
    assert missing.any()
    assert np.isneginf(similarities[missing]).all()
    assert (np.diff(missing.astype(int), axis=1) >= 0).all()  # at the end


@pytest.mark.parametrize("kind", indexes.KINDS)
def test_on_disk_in_memory_and_mapped_are_the_same(kind, built, query, tmp_path):
    index_files.save(built[kind], tmp_path)
    before = built[kind].search(query, 10)
    for mapped in (False, True):
        loaded = index_files.load(tmp_path, mapped=mapped)
        assert same(loaded.search(query, 10), before)
        assert (loaded.kind, len(loaded)) == (kind, N)


def test_writing_shard_by_shard_from_a_memory_map(gallery, query, tmp_path):
    np.save(tmp_path / "gallery.npy", gallery)
    mapped = np.load(tmp_path / "gallery.npy", mmap_mode="r")
    folder = index_files.write(tmp_path / "index", mapped, "ivf", shards=3)
    assert same(
        index_files.load(folder, mapped=True).search(query, 5),
        indexes.build(gallery, "ivf", shards=3).search(query, 5),
    )


def test_copies_survive_the_disk(tmp_path, query):
    rows = clustered(4, np.arange(50), 0.4)
    gallery = np.concatenate([rows, rows])
    index_files.write(tmp_path, gallery, shards=2)
    index_files.write(tmp_path, gallery)
    for mapped in (False, True):
        found = index_files.load(tmp_path, mapped=mapped).search(query, 9)
        assert same(found, retrieval.search(query, gallery, 9))


def test_a_mapped_index_takes_no_memory_of_its_own(tmp_path):
    rows = np.random.default_rng(0).standard_normal((2**18, 64), dtype=np.float32)  # 64 MiB
    index_files.write(tmp_path, rows, "ivf", recipe="IVF16,Flat", shards=4)
    script = (
        "import sys; from fashret_utils.retrieval import index_files\n"
        "import numpy as np\n"
        "def own(): return int(open('/proc/self/status').read().split('RssAnon:')[1].split()[0])\n"
        "before = own(); index = index_files.load(sys.argv[1], mapped=sys.argv[2] == 'mapped')\n"
        "index.search(np.eye(64, dtype=np.float32), 5, effort=16); print(own() - before)"
    )
    if not os.path.exists("/proc/self/status"):
        pytest.skip("memory of this process is read from /proc, which only Linux has")
    taken = {
        how: int(subprocess.check_output([sys.executable, "-c", script, str(tmp_path), how]))
        for how in ("mapped", "memory")
    }
    # 64 MiB of rows; what was there before the index may give some of it back
    assert taken["mapped"] < 16 * 1024 < 48 * 1024 < taken["memory"]


def test_a_torn_file_is_named(built, tmp_path):
    index_files.save(built["ivf"], tmp_path)
    (shard,) = tmp_path.glob("*.faiss")
    whole = shard.read_bytes()
    shard.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=rf"{shard.name} has .* bytes: the index is torn"):
        index_files.load(tmp_path, mapped=True)
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    shard.write_bytes(flipped)
    with pytest.raises(ValueError, match=f"{shard.name} does not have the checksum"):
        index_files.load(tmp_path)
    shard.unlink()
    with pytest.raises(ValueError, match="has 0 of"):
        index_files.load(tmp_path)


def test_no_index_another_format_and_no_json_are_told_apart(tmp_path, built):
    with pytest.raises(FileNotFoundError, match=r"no index at .*index_files.write"):
        index_files.load(tmp_path)
    index_files.save(built["exact"], tmp_path)
    about = json.loads((tmp_path / "index.json").read_text())
    (tmp_path / "index.json").write_text(json.dumps(about | {"format": 99}))
    with pytest.raises(ValueError, match="format 99, expected 1"):
        index_files.load(tmp_path)
    (tmp_path / "index.json").write_text('{"format": 1')
    with pytest.raises(ValueError, match=r"index\.json is not readable"):
        index_files.load(tmp_path)


def test_a_killed_writer_leaves_the_index_that_was_there(tmp_path, gallery, query):
    index_files.write(tmp_path / "index", gallery[:100])
    before = index_files.load(tmp_path / "index").search(query, 5)
    script = (
        "import sys, numpy as np; from fashret_utils.retrieval import index_files\n"
        "rows = np.random.default_rng(0).standard_normal((4000, 32), dtype=np.float32)\n"
        "print('ready', flush=True); index_files.write(sys.argv[1], rows, shards=2000)"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "index")], stdout=subprocess.PIPE
    )
    writer.stdout.readline()
    while len(list((tmp_path / "index").glob("*.faiss"))) < 10:
        assert writer.poll() is None, "the writer was done before it could be killed"
        time.sleep(0.001)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert same(index_files.load(tmp_path / "index").search(query, 5), before)
    index_files.write(tmp_path / "index", gallery[:200])  # and its litter goes with the next one
    assert sorted(path.suffix for path in (tmp_path / "index").iterdir()) == [".faiss", ".json"]
    assert len(index_files.load(tmp_path / "index")) == 200


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "lsh"}, "unknown kind of index 'lsh': choose one of exact, ivf, hnsw, pq"),
        ({"kind": "pq"}, "learns 256 code values and needs as many rows; the gallery has 100"),
        ({"shards": 0}, "shards = 0 of a gallery of 100 rows; expected 1 to 100"),
        ({"shards": 101}, "expected 1 to 100"),
        ({"kind": "ivf", "recipe": "IVF4,Flot"}, "faiss knows no index 'IVF4,Flot'"),
    ],
)
def test_what_cannot_be_built(arguments, message, gallery):
    with pytest.raises(ValueError, match=message):
        indexes.build(gallery[:100], **arguments)


def test_rows_that_cannot_be_indexed(gallery):
    with pytest.raises(ValueError, match=r"gallery embeddings have shape \(0, 32\)"):
        indexes.build(gallery[:0])
    broken = gallery[:300].copy()
    broken[17, 3] = np.nan
    with pytest.raises(ValueError, match="gallery row 17 holds NaN or Inf"):
        indexes.build(broken, "ivf")


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        ("ivf", {"k": 0}, "k must be 1 to 6000"),
        ("ivf", {"k": N + 1}, "k must be 1 to 6000"),
        ("ivf", {"k": 5, "effort": 0}, "effort = 0; expected a whole number of at least 1"),
        ("exact", {"k": 5, "effort": 3}, "looks at every row: leave effort out"),
    ],
)
def test_what_cannot_be_asked(kind, arguments, message, built, query):
    with pytest.raises(ValueError, match=message):
        built[kind].search(query, **arguments)


def test_queries_of_another_width_or_not_finite(built, query):
    with pytest.raises(ValueError, match="query rows have 16 dimensions, the index 32"):
        built["hnsw"].search(query[:, :16], 5)
    with pytest.raises(ValueError, match="query row 0 holds NaN or Inf"):
        built["hnsw"].search(np.full((1, D), np.inf, dtype=np.float32), 5)


def test_rows_of_zeros_and_small_galleries():
    rows = np.eye(4, dtype=np.float32)
    rows[3] = 0
    for kind in ("exact", "ivf", "hnsw"):
        similarities, indices = indexes.build(rows, kind).search(rows[:1], 4)
        assert indices.tolist() == [[0, 1, 2, 3]], kind
        assert similarities.tolist() == [[1, 0, 0, 0]], kind
