"""The page on large galleries says what the benchmarks measured."""

import json
import shutil
from math import log
from pathlib import Path

import pytest

from fashret_utils.retrieval import indexes
from fashret_utils.site import galleries

ROOT = Path(__file__).resolve().parents[2]


def row(kind, rows, effort=None, **values):
    return {
        "kind": kind,
        "rows": rows,
        "effort": effort,
        "bytes": 512 * rows,
        "build_s": 1 + 36e-6 * rows,  # learning the centres, and each row
        "ms": 2.0,
        "ms_95": 3.0,
        "recall": 0.5,
        "hit@1": 0.25,
        "hit@10": 0.75,
    } | values


@pytest.fixture
def measured():
    efforts = {kind: indexes.EFFORT.get(kind) for kind in indexes.KINDS}
    rows = [row(kind, n, effort) for n in (100, 10**6) for kind, effort in efforts.items()]
    return {"k": 10, "queries": 5, "rows": [*rows, row("ivf", 10**6, 64, recall=0.999)]}


def test_the_table_has_default_efforts_only(measured):
    lines = galleries.table(measured).splitlines()
    assert len(lines) == 2 + 2 * len(indexes.KINDS)
    assert "| 1,000,000 | ivf | 0.500 | 25.0 | 75.0 | 2.00 | 3.00 | 488.3 | 512 | 37.0 |" in lines
    assert len({line.count("|") for line in lines}) == 1


def test_a_hundred_million_from_the_largest_measurement(measured):
    lines = {
        line.split(" | ")[0].strip("| "): line for line in galleries.on_paper(measured).splitlines()
    }
    assert "512 B × 100,000,000 = **47.7 GiB** | 1 |" in lines["exact"]
    assert (
        "2.00 ms × 100.0 = **200.0 ms** | 36.0 µs × 100,000,000 × 1.00 = **1.0 h** |"
        in lines["exact"]
    )
    assert "36.0 µs × 100,000,000 × 8.00 = **8.0 h**" in lines["ivf"]  # 2,048 centres become 16,384


def test_growth():
    assert galleries.growth("pq", 10**6, 10**8) == (100, 1)
    assert galleries.growth("hnsw", 10**5, 10**8) == pytest.approx((1.6, 1.6))
    assert log(10**8) / log(10**5) == pytest.approx(1.6)
    old, new = 2048 + 16 * 10**6 / 2048, 16384 + 16 * 10**8 / 16384
    assert galleries.growth("ivf", 10**6, 10**8) == pytest.approx((new / old, 8))


def test_a_kind_that_stops_earlier_counts_from_its_own_largest_size(measured):
    kept = [r for r in measured["rows"] if r["kind"] != "hnsw" or r["rows"] == 100]
    smaller = row("hnsw", 50, indexes.EFFORT["hnsw"])
    lines = galleries.on_paper(measured | {"rows": [*kept, smaller]}).splitlines()
    assert any(line.startswith("| hnsw | 100 |") for line in lines)


def test_every_fragment_of_the_page_is_made_from_the_committed_measurements(tmp_path):
    galleries.write(ROOT, tmp_path)
    page = (ROOT / "book/large_galleries.md").read_text()
    named = {
        line.split("_generated/")[1].strip() for line in page.splitlines() if "_generated/" in line
    }
    assert named == {path.name for path in tmp_path.iterdir()}
    committed = json.loads((ROOT / "results/benchmarks/galleries.json").read_text())
    last = committed["rows"][-1]
    assert f"{last['bytes'] / 2**20:,.1f}" in (tmp_path / "galleries-measured.md").read_text()


def test_without_measurements_the_file_is_named(tmp_path):
    shutil.copytree(ROOT / "benchmarks", tmp_path / "benchmarks")
    with pytest.raises(FileNotFoundError, match=r"galleries\.json"):
        galleries.write(tmp_path, tmp_path)
