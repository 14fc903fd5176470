"""Chapters as scripts: the same program in one process and in two."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from fashret_utils import chapters
from fashret_utils.__main__ import main
from fashret_utils.chapters.export import _shown, export
from fashret_utils.chapters.script import arguments, show
from fashret_utils.evidence import records

PARAMETERS = """scale = "quick"  # a chapter's own default
seed = 0
experiments = "main"
data_root = ""
device = "auto"
results = "../_build/results"
"""
DEFINITION = """import numpy as np
import torch
from fashret_utils import plots, retrieval
from fashret_utils.evidence import records
from fashret_utils.data.batches import Batches
from fashret_utils.data.catalog import Catalog
from fashret_utils.training.plan.jobs import run_jobs
from fashret_utils.training import Run
from IPython.display import display
from pytorch_metric_learning.losses import NTXentLoss
"""
DATA = """def colours(catalog, rows, size):
    values = np.array([int(catalog.source[row]) for row in rows], dtype=np.uint8)
    return np.broadcast_to(values[:, None, None, None], (len(rows), 3, size, size)).copy()

n = 48
catalog = Catalog(
    name="pairs", item=np.arange(n) // 2, domain=np.arange(n) % 2, reader=colours,
    split=["train"] * 40 + ["query", "gallery"] * 4, category=["shirt"] * n,
    source=[str(5 * i) for i in range(n)], licence="none",
)
catalog.summary()
"""
TRAIN = """def train(arm):
    run = Run("99_tiny", data="pairs", arm=arm, scale=scale, seed=seed, device=device,
              results=results, progress=False)
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 4))
    model, optimizer = run.prepare(net, torch.optim.SGD(net.parameters(), lr=0.1))
    rows, place = catalog.where(split="train"), {"rank": run.rank, "world": run.world}
    batches = Batches(rows, 4, items=6 // run.world, steps=2, augment=None, seed=seed, **place)
    criterion = NTXentLoss(temperature=0.5)
    for batch in run.steps(batches):
        embeddings, items = run.gather(model(batch.images)), run.gather(batch.items)
        run.backward(criterion(embeddings, items), optimizer)
    sides = [catalog.where(split=split) for split in ("query", "gallery")]
    embedded = [retrieval.embed(net, side, 4) for side in sides]
    run.record(retrieval.evaluate(*embedded, *(side.item for side in sides), k=1))
    return run

run = train("live")
run_jobs(train, [("job0",), ("job1",)] if run.world > 1 else [], workers=2)
print("world", run.world)
"""


def cell(source, *tags):
    return new_code_cell(source, metadata={"tags": list(tags)})


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    (folder / "notebooks").mkdir()
    (folder / "_toc.yml").write_text("format: jb-book\n")
    figure = "figure = plots.sheet(catalog.pixels(4)[:4], 2)\ndisplay(figure)"
    cells = [
        new_markdown_cell("# Tiny\n\nSome *prose*."),
        cell(PARAMETERS, "parameters"),
        cell(DEFINITION, "definition"),
        cell(DATA, "experiment"),
        cell(TRAIN, "experiment"),
        cell(figure, "figure"),
        cell("run.history[\n    ['loss']\n]  # the last value is shown"),
    ]
    nbformat.write(new_notebook(cells=cells), folder / "notebooks/99_tiny.ipynb")
    return folder


OPTIONS = ("--scale", "smoke", "--seed", 7, "--device", "cpu", "--results")


@pytest.fixture(scope="module")
def alone(book, tmp_path_factory):
    """The record of the chapter as a script of one process."""
    folder = tmp_path_factory.mktemp("alone")
    start(export("99_tiny", folder / "tiny.py", book), *OPTIONS, folder / "one")
    (record,) = records.load(folder / "one")
    return record


LAUNCHERS = {
    "torchrun": ("torch.distributed.run", "--standalone", "--nproc-per-node=2"),
    "accelerate": (
        *("accelerate.commands.launch", "--multi_gpu", "--num_machines=1", "--num_processes=2"),
        *("--mixed_precision=no", "--dynamo_backend=no", "--main_process_port=0"),
    ),
}


def start(script, *arguments, processes=1, launcher="torchrun"):
    root = str(Path(__file__).parent.parent)
    place = {"PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
    launch = [sys.executable]
    if processes > 1:
        launch += ["-m", *LAUNCHERS[launcher]]
    done = subprocess.run(
        [*launch, str(script), *map(str, arguments)],
        env=os.environ | place,
        cwd=script.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_two_processes_write_each_record_and_figure_once(book, alone, tmp_path, launcher):
    script = export("99_tiny", tmp_path / "out" / "tiny.py", book)
    two = (tmp_path / "two", "--figures", tmp_path / "f")
    printed = start(script, *OPTIONS, *two, processes=2, launcher=launcher)
    assert printed.count("world 2") == 1
    assert printed.count("figure: ") == 1
    assert [path.name for path in (tmp_path / "f").iterdir()] == ["01.png"]
    assert "items" in printed  # the table that ends a cell
    assert "loss" in printed
    found = records.load(tmp_path / "two")
    assert [(r.arm, r.scale, r.seed) for r in found] == [
        (arm, "smoke", 7) for arm in ("job0", "job1", "live")
    ]
    for record in found:
        assert record.curve["loss"] == pytest.approx(alone.curve["loss"], abs=1e-5)
        assert record.metrics == pytest.approx(alone.metrics, abs=1e-5)


@pytest.mark.slow
def test_a_chapter_in_two_processes_writes_the_records_of_one(tmp_path):
    script = export("01_dml", tmp_path / "dml.py")
    made = {}
    for processes in (1, 2):
        results = tmp_path / f"results-{processes}"
        options = ("--scale", "smoke", "--device", "cpu", "--results", results)
        start(script, *options, "--figures", tmp_path / f"f{processes}", processes=processes)
        made[processes] = {(r.data, r.arm, r.seed): r for r in records.load(results)}
        assert not list(results.rglob("*.tmp"))
    assert made[1].keys() == made[2].keys() != set()
    for name, record in made[2].items():
        values = [*record.metrics.values(), *record.curve["loss"]]
        assert np.isfinite(values).all(), name
        assert record.counts == made[1][name].counts
        assert record.cost["steps"] == made[1][name].cost["steps"]
    figures = [sorted(path.name for path in (tmp_path / f"f{n}").iterdir()) for n in (1, 2)]
    assert figures[0] == figures[1] != []


def test_every_chapter_is_a_valid_script_with_its_parameters(tmp_path):
    for name in chapters.names():
        assert main(["export", name, "--out", str(tmp_path / f"{name}.py")]) == 0
        text = (tmp_path / f"{name}.py").read_text(encoding="utf-8")
        compile(text, name, "exec")
        assert text.count("script.arguments(scale=scale, seed=seed") == 1
        assert "get_ipython" not in text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1\nx", "x = 1\nscript.show(x\n)"),
        ("f(\n  1,\n)", "script.show(f(\n  1,\n)\n)"),
        ("x;", "x;"),
        ("y = 1; x", "y = 1; x"),
        ("x = 1", "x = 1"),
        ('"text"', '"text"'),
        ("from IPython.display import display", "display = script.show"),
    ],
)
def test_what_a_cell_shows_is_shown(source, expected):
    assert _shown(source).removeprefix("from IPython.display import display\n") == expected


def test_other_processes_show_and_write_nothing(monkeypatch, capsys, tmp_path):
    names = {"chapter": "99_tiny", "data": "toy", "arm": "a", "scale": "smoke", "seed": 0}
    record = records.Record(**names, metrics={}, intervals={}, counts={})
    monkeypatch.setenv("RANK", "1")
    show("a table")
    path = records.write(record, tmp_path)
    assert capsys.readouterr().out == ""
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv("RANK", "0")
    show("a table", None)
    assert records.write(record, tmp_path) == path
    assert path.is_file()
    assert capsys.readouterr().out == "a table\n"


def test_a_chapter_without_parameters_is_no_script(tmp_path):
    (tmp_path / "notebooks").mkdir()
    nbformat.write(new_notebook(cells=[cell("x = 1")]), tmp_path / "notebooks/99_none.ipynb")
    with pytest.raises(ValueError, match="no cell tagged 'parameters'"):
        export("99_none", tmp_path / "none.py", tmp_path)


def test_a_scripts_arguments_have_the_type_of_their_defaults(monkeypatch, capsys):
    line = ["tiny.py", "--keep", "no", "--note", "12:30", "--rate", "1"]
    monkeypatch.setattr(sys, "argv", line)
    found = arguments(keep=True, note="", rate=0.5)
    assert found == {"keep": False, "note": "12:30", "rate": 1.0}
    monkeypatch.setattr(sys, "argv", ["tiny.py", "--keep", "maybe"])
    with pytest.raises(SystemExit):
        arguments(keep=True)
    assert "parameter keep is 'maybe', expected yes or no" in capsys.readouterr().err
