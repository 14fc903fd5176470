"""The staged source: pages get their tables from records, and nothing names the machine."""

import base64
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fashret_utils import chapters, retrieval, site
from fashret_utils.evidence import records
from fashret_utils.site.landing import FIGURES

ROOT = Path(__file__).resolve().parents[2]
SHOWN = FIGURES["hero"][-1][1]  # what a build without real photos has
PIXEL = base64.b64encode(b"a picture").decode()


def record(arm, seed, scale="smoke"):
    vectors = np.eye(4, dtype=np.float32)
    gallery = vectors if arm == "good" else np.roll(vectors, 1, axis=0)
    items = np.arange(4)
    found = retrieval.evaluate(vectors, gallery, items, items, k=(1, 2), bootstrap=100)
    return records.new(
        found, chapter="00_street_to_shop", data="toy", arm=arm, scale=scale, seed=seed
    )


@pytest.fixture
def executed(tmp_path):
    """Chapters as papermill leaves them: parameters, times, a figure, paths of this machine."""
    for name in chapters.names(ROOT):
        notebook = json.loads((ROOT / f"notebooks/{name}.ipynb").read_text())
        notebook["metadata"]["papermill"] = {
            "input_path": "/home/somebody/book.ipynb",
            "start_time": "2026-01-02T03:04:05.678",
            "duration": 61.4,
            "exception": None,
            "parameters": {"scale": "smoke", "seed": 7},
        }
        for cell in notebook["cells"]:
            if cell["metadata"].get("mystnb", {}).get("figure", {}).get("name") == SHOWN:
                data = {"image/png": PIXEL}
                cell["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
        (tmp_path / "executed").mkdir(exist_ok=True)
        (tmp_path / f"executed/{name}.ipynb").write_text(json.dumps(notebook))
    return tmp_path / "executed"


def test_stage_copies_the_book_and_generates_its_tables(executed, tmp_path):
    out = site.stage(executed, tmp_path / "src", ROOT)
    for name in chapters.names(ROOT):
        published = (out / f"notebooks/{name}.ipynb").read_text()
        assert "/home/somebody" not in published
    assert (out / "_toc.yml").read_text() == (ROOT / "_toc.yml").read_text()
    status = (out / "book/_generated/status.md").read_text()
    assert "| 2026-01-02 03:04 | smoke | 7 | 61 | " in status
    assert "| ran to the end |" in status
    assert (out / "book/_generated/hero.png").read_bytes() == b"a picture"
    hero = (out / "book/_generated/hero.md").read_text()
    assert ":alt: A grid: in each row a street photo" in hero
    assert "green with a tick a hit" in hero
    assert "waits" in (out / "book/_generated/forest.md").read_text()
    assert "wardrobe-garments" in (out / "book/_generated/datasets.md").read_text()
    included = [
        page.parent / line.split()[-1]
        for page in (out / "book").rglob("*.md")
        for line in page.read_text().splitlines()
        if line.startswith("```{include}")
    ]
    assert included
    assert all(fragment.is_file() for fragment in included)
    assert "(evidence-dml-c6)=" in (out / "notebooks/01_dml.ipynb").read_text()
    assert "(dml-c6)=" in (out / "book/_generated/claims.md").read_text()


def test_results_table_shows_every_arm_with_its_interval():
    table = site.results_table([record("good", 0), record("good", 1), record("bad", 0)])
    assert ":::{dropdown} Street to shop\n" in table
    assert "{doc}`/notebooks/00_street_to_shop` (scale smoke; seeds 0, 1; " in table
    assert "| good | 100.0 [100.0, 100.0] |" in table
    assert "| bad | 0.0 [0.0, 0.0] |" in table


def test_results_table_leaves_sweeps_to_their_chapters():
    setting = replace(record("bad", 0), arm="sweep,m=0.1")
    gap = replace(record("bad", 0), data="toy-gap0.5")
    table = site.results_table([record("good", 0), setting, gap])
    assert "| good |" in table
    assert not {"sweep", "gap", "bad"} & set(re.findall("[a-z]+", table))


def test_results_table_says_what_is_stale():
    old = replace(record("bad", 0), code_hash="0")
    table = site.results_table([record("good", 0), old])
    assert "1 of 2 records are stale: the code has changed" in table
    assert "stale" not in site.results_table([record("good", 0)])


def test_results_table_takes_the_largest_scale_only():
    table = site.results_table([record("bad", 0, "smoke"), record("good", 0, "smoke")])
    assert "scale smoke" in table
    table = site.results_table([record("good", 0, "smoke"), record("good", 0, "quick")])
    assert "scale quick; " in table
    assert "smoke" not in table


def test_a_chapter_that_was_not_executed_is_named(executed, tmp_path):
    shutil.rmtree(executed)
    with pytest.raises(FileNotFoundError, match="not executed: 00_street_to_shop"):
        site.stage(executed, tmp_path / "src", ROOT)
