"""The table of speed, its records and its page say what was timed."""

import sys
import time
from contextlib import closing
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from fashret_utils.site import speed
from fashret_utils.site.speed import Case, Other

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
import turns  # noqa: E402


def case(**changes):
    peer = Other("their trainer", "peer", [0.4, 0.6, 1.5], target=1.3)
    limit = Other("bare loop", "limit", [0.19, 0.19, 0.2], target=0.95)
    settings = {"seconds": [0.2, 0.2, 0.25], "amount": 64, "unit": "pictures"}
    return Case("Step", **settings | {"others": [peer, limit]} | changes)


def test_the_ratio_is_the_median_over_rounds():
    assert speed.ratio(case(), case().others[0]) == pytest.approx(3.0)  # of 2, 3 and 6
    with pytest.raises(ValueError, match="zip"):
        speed.ratio(case(seconds=[0.1]), case().others[0])


def test_a_row_has_both_sides_and_both_targets():
    (row,) = speed.table([case()]).to_dict("records")
    assert row == {
        "what": "Step",
        "ours": "320 pictures/s",
        "peer": "their trainer: 107 pictures/s",
        "limit": "bare loop: 337 pictures/s",
        "of peer": "3.00",
        "of limit": "0.95",
        "target": "≥ 1.3 of peer; ≥ 0.95 of limit",
        "met": "yes",
    }


@pytest.mark.parametrize(
    ("changes", "target", "met"),
    [
        ({"seconds": [0.3, 0.3, 0.3]}, "≥ 1.3 of peer; ≥ 0.95 of limit", "no (limit)"),
        ({"seconds": [0.9, 0.9, 2]}, "≥ 1.3 of peer; ≥ 0.95 of limit", "no"),
        ({"others": [], "target": 300}, "≥ 300 pictures/s", "yes"),
        ({"others": [], "target": 330}, "≥ 330 pictures/s", "no"),
        ({"others": [], "target": 0.1, "amount": None}, "≤ 0.1 s", "no"),
        ({"others": [], "target": 0.2, "amount": None}, "≤ 0.2 s", "yes"),
        ({"others": []}, "–", "–"),
        ({"others": [Other("x", "peer", missing="is away", target=2)]}, "≥ 2 of peer", "–"),
    ],
)
def test_targets_are_met_or_missed(changes, target, met):
    row = speed.table([case(**changes)]).iloc[0]
    assert (row["target"], row["met"]) == (target, met)


def test_peers_have_rows_of_their_own_and_missing_ones_say_why():
    others = [*case().others, Other("another", "peer", missing="not installed")]
    rows = speed.table([case(others=others)])
    assert rows["what"].tolist() == ["Step", ""]
    assert rows["peer"].iloc[1] == "another: not measured (not installed)"
    assert rows["limit"].tolist() == ["bare loop: 337 pictures/s", "–"]


def test_seconds_are_shown_where_nothing_is_counted():
    slow, fast = (case(seconds=[s], amount=None, others=[]) for s in (12.34, 0.01234))
    assert speed.table([slow, fast])["ours"].tolist() == ["12.3 s", "12.3 ms"]


def test_records_come_back_as_they_were(tmp_path):
    path = speed.write(tmp_path, "training", [case()], quick=True, versions={"peer": "1.2"})
    record = speed.read(path)
    assert record.cases == [case()]
    assert (record.name, record.quick, record.versions["peer"]) == ("training", True, "1.2")
    assert {"torch", "peer"} <= record.versions.keys()
    assert "A short pass" in speed.origin(record)
    assert f"{record.machine['device']}, {record.machine['cores']} cores" in speed.origin(record)
    speed.write(tmp_path, "kernels", [case()], quick=False)
    assert [found.name for found in speed.load(tmp_path)] == ["training", "kernels"]


def test_turns_alternate_and_warm_rounds_do_not_count():
    order = []

    def work(name, seconds):
        order.append(name)
        time.sleep(seconds)

    contenders = {"a": lambda: work("a", 0.02), "b": lambda: order.append("b") or 7.0}
    seconds = turns.in_turn(contenders, rounds=2, warm=1)
    assert order == ["b", "a", "a", "b", "b", "a"]
    assert len(seconds["a"]) == 2
    assert min(seconds["a"]) >= 0.02
    assert seconds["b"] == [7.0, 7.0]  # has timed itself


def test_without_an_environment_the_peers_are_missing(tmp_path):
    empty = tmp_path / "fails"
    empty.write_text("#!/bin/sh\nexit 1\n")
    empty.chmod(0o755)
    reasons = {
        None: "no --peers environment was given",
        str(tmp_path / "python"): "its Python does not start: No such file or directory",
        str(empty): "its libraries cannot be imported",
    }
    for python, why in reasons.items():
        with closing(turns.Peers(python)) as others:
            assert others.missing == why


def test_peers_answer_in_turn(tmp_path, monkeypatch):
    script = tmp_path / "peers.py"
    script.write_text(
        "import json, sys\n"
        "print(json.dumps({'library': '1.0'}), flush=True)\n"
        "for line in sys.stdin:\n"
        "    task, arguments = json.loads(line)\n"
        "    if task == 'fall': sys.exit(1)\n"
        "    print(json.dumps(arguments['steps'] / 2), flush=True)\n"
    )
    monkeypatch.setattr(turns, "PEERS", script)
    with closing(turns.Peers(sys.executable)) as others:
        assert others.missing == ""
        assert others.versions == {"library": "1.0"}
        assert [others.ask("train", steps=n) for n in (3, 4)] == [1.5, 2.0]
        with pytest.raises(RuntimeError, match="ended during 'fall'"):
            others.ask("fall")


def test_a_part_that_is_measured_again_replaces_only_its_cases(tmp_path, monkeypatch, capsys):
    numbers = iter((1.0, 2.0, 3.0))

    def cases(options, others):
        for what in ("first", "second"):
            yield what, lambda what: case(seconds=[next(numbers)], others=[], what=what)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["x", "--out", str(tmp_path), *arguments])
        turns.main("A benchmark.", "training", lambda *a: named(cases(*a)))

    def named(pairs):
        for what, measure in pairs:
            yield what, lambda what, m=measure: m(what)

    def case(what, seconds, others):
        return Case(what, seconds, others=others)

    run()
    run("--only", "second")
    record = speed.read(tmp_path / "speed-training.json")
    assert {c.what: c.seconds for c in record.cases} == {"first": [1.0], "second": [3.0]}
    run("--only", "third")
    assert "no case has 'third'" in capsys.readouterr().out


def executed(path, cells):
    notebook = nbformat.v4.new_notebook()
    for text, seconds in cells:
        if seconds is None:
            notebook.cells.append(nbformat.v4.new_markdown_cell(text))
        else:
            cell = nbformat.v4.new_code_cell(text)
            cell.metadata["papermill"] = {"duration": seconds}
            notebook.cells.append(cell)
    nbformat.write(notebook, path)
    return path


def test_the_profile_of_a_chapter_names_its_costliest_sections(tmp_path):
    cells = [
        ("x", 1.0),
        ("# Title\ntext\n## Data", None),
        ("x", 3.0),
        ("more", None),
        ("x", 3.0),
        ("## Training", None),
        ("x", 93.0),
        ("## Prose", None),
    ]
    path = executed(tmp_path / "a.ipynb", cells)
    (row,) = speed.chapter_profile({"a": path}).to_dict("records")
    assert row["chapter"] == "{doc}`/notebooks/a`"
    assert row["seconds"] == "100"
    assert row["most of it"] == "Training 93 %; Data 6 %"


def test_the_page_includes_every_fragment_and_no_other(tmp_path):
    book, generated = tmp_path / "book", tmp_path / "generated"
    generated.mkdir()
    folder = book / "results" / speed.FOLDER
    memory = [Other("faiss search", "limit", [0.1], memory_mib=2048.4)]
    cases = [Case("Top 50", [0.2], others=memory, memory_mib=100.2)]
    speed.write(folder, "retrieval", cases, quick=False)
    speed.page(book, generated, {"a": executed(tmp_path / "a.ipynb", [("x", 1.0)])})
    page = (ROOT / "book/speed.md").read_text()
    included = {
        line.split("_generated/")[1].strip() for line in page.splitlines() if "_generated/" in line
    }
    assert included == {path.name for path in generated.iterdir()}
    assert "Not measured for this copy" in (generated / "speed-training.md").read_text()
    shown = (generated / "speed-retrieval.md").read_text()
    assert "| what | ours | limit | of limit |\n" in shown  # neither a peer nor a target
    assert "| Top 50 | 200&nbsp;ms |" in shown
    assert "| Top 50 | faiss search | 2,048 |" in (generated / "speed-memory.md").read_text()


def test_every_part_has_its_script():
    for name in speed.PARTS:
        text = (ROOT / "benchmarks" / f"{name}.py").read_text()
        assert f'turns.main(__doc__, "{name}", cases)' in text


def test_a_pipe_in_a_cell_stays_in_its_cell():
    rows = pd.DataFrame({"a": ["x|y"], "b": ["z"]})
    assert speed.markdown(rows).splitlines() == ["| a | b |", "| :-- | :-- |", "| x\\|y | z |"]
