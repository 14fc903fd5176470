import ast
import inspect
import json

import pytest

from fashret_utils import chapters, picks, records
from fashret_utils.scale import SCALES, Scale
from fashret_utils.syntax import canonical

CELL = """
from fashret_utils.scale import scale as get_scale

def budget(scale):
    pick = get_scale(scale).pick
    items = get_scale(scale).pick(smoke=1, quick=2, gpu=3)
    return items, pick(smoke=(4, {}), quick=5, gpu=6, paper=7)
"""
MODULE = "def width(scale):\n    return scale.pick(smoke=10, quick=20, gpu=30, paper=40)\n"


@pytest.fixture
def hashes(tmp_path):
    """Writes a book of one chapter and one module; returns the hashes at the four scales."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "fashret_utils").mkdir()

    def of(cell=CELL, module=MODULE, extra=""):
        cells = ["from fashret_utils import widths\n", cell, extra]
        metadata = {"tags": ["definition"]}
        cells = [{"cell_type": "code", "source": s, "metadata": metadata} for s in cells]
        (tmp_path / "notebooks" / "demo.ipynb").write_text(json.dumps({"cells": cells}))
        (tmp_path / "fashret_utils" / "widths.py").write_text(module)
        found = {scale: records.code_hash("demo", None, scale, tmp_path) for scale in SCALES}
        return found | {None: records.code_hash("demo", root=tmp_path)}

    return of


def changed(hashes, **variant):
    before, after = hashes(), hashes(**variant)
    return {scale for scale in before if before[scale] != after[scale]}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("smoke=1,", "smoke=9,", {"smoke"}),
        ("quick=2,", "quick=9,", {"quick"}),
        ("gpu=3)", "gpu=9)", {"gpu", "paper"}),  # paper falls back to gpu
        ("gpu=3)", "gpu=3, paper=9)", {"paper"}),
        ("gpu=3)", "gpu=3, paper=None)", {"paper"}),  # the same value: stale for nothing
        ("gpu=6", "gpu=9", {"gpu"}),
        ("paper=7", "paper=(9, 'x')", {"paper"}),
        ("paper=7", "paper=None", {"paper"}),
        (", paper=7", "", {"paper"}),
        ("{}", "{1: 2}", {"smoke"}),
        ("return items", "return 1 + items", set(SCALES)),
        ("gpu=3)", "gpu=3, cpu=4)", set(SCALES)),  # no call of Scale.pick
        ("gpu=3)", "gpu=3, **{'paper': 4})", set(SCALES)),
        ("gpu=6", "gpu=draw()", set(SCALES)),  # computed at every scale
        ("gpu=6", "gpu=(n := 6)", set(SCALES)),
        ("quick=5, gpu=6", "gpu=6, quick=5", set()),  # their order never counts at one scale
    ],
)
def test_a_change_in_a_chapter_is_seen_at_the_scales_it_can_change(hashes, old, new, expected):
    assert CELL.count(old) == 1
    assert changed(hashes, cell=CELL.replace(old, new)) == expected | {None}


@pytest.mark.parametrize(
    ("old", "expected"),
    [("10", {"smoke"}), ("20", {"quick"}), ("30", {"gpu"}), ("40", {"paper"}), ("width", None)],
)
def test_a_change_in_a_module_is_seen_at_the_scales_it_can_change(hashes, old, expected):
    module = MODULE.replace(old, f"{old}0" if old.isdigit() else "height")
    assert changed(hashes, module=module) == (expected or set(SCALES)) | {None}


def test_paper_needs_gpu_where_paper_may_be_none(hashes):
    maybe = CELL.replace("paper=7", "paper=size if big else None")
    assert hashes(maybe)["paper"] != hashes(maybe.replace("gpu=6", "gpu=9"))["paper"]


@pytest.mark.parametrize(
    "extra",
    [
        "small = budget('gpu')",
        "pick = get_scale('gpu').pick",
        "where = {'scale': 'gpu'}",
        "same = budget('gpu') == 3",
        "%time budget('gpu')",
    ],
)
def test_the_values_of_a_scale_that_the_chapter_names_count(hashes, extra):
    before = hashes(extra=extra)
    after = hashes(cell=CELL.replace("gpu=6", "gpu=9"), extra=extra)
    assert before["quick"] != after["quick"]


def test_asking_for_the_scale_names_none():
    assert picks.scales_named("if scale == 'quick' or str(scale) in ('gpu', 'paper'): f()") == set()
    assert picks.scales_named("f(scale='quick')") == {"quick"}


def test_a_module_that_names_a_scale_is_believed(hashes):
    module = MODULE + "WIDTH = width(Scale('gpu'))\n"
    assert hashes(module=module)["quick"] != hashes(module=module.replace("30", "31"))["quick"]


def test_picks_knows_the_signature_of_pick():
    parameters = list(inspect.signature(Scale.pick).parameters.values())[1:]
    assert {p.name for p in parameters} == picks.ALLOWED == set(SCALES)
    assert {p.name for p in parameters if p.default is p.empty} == picks.NEEDED


@pytest.mark.parametrize("scale", SCALES)
def test_what_is_left_of_each_pick_of_the_book_is_its_value(scale):
    """The trimmed call holds, for each `pick` of the chapters, the value `Scale.pick` gives."""
    seen = 0
    for name in chapters.names():
        for cell in chapters.code_cells(chapters.path_of(name)):
            if "smoke=" not in cell.source or not cell.tags & {"definition", "experiment"}:
                continue
            whole, left = ast.parse(cell.source), picks.only({scale}, ast.parse(cell.source))
            for old, new in zip(_picks(whole), _picks(left), strict=True):
                values = {k.arg: ast.dump(k.value) for k in old.keywords}
                kept = {ast.dump(k.value) for k in new.keywords}
                assert Scale(scale).pick(**values) in kept
                seen += 1
    assert seen > 20


def _picks(tree):
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if ast.unparse(call.func).endswith("pick")]


def test_without_a_scale_all_counts():
    assert canonical("pick(smoke=1, quick=2, gpu=3)").count("keyword(") == 3
    assert canonical("pick(smoke=1, quick=2, gpu=3)", frozenset({"gpu"})).count("keyword(") == 1
