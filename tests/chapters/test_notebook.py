"""Chapters as programs: definitions are importable, execution keeps what failed."""

import json
import subprocess
import sys
import traceback

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from fashret_utils import chapters
from fashret_utils.__main__ import main
from fashret_utils.chapters import notebook, parameters

PARAMETERS = """scale = "quick"
seed = 0
experiments = "main"
data_root = ""
device = "auto"
results = "results"
"""


METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}


def cell(source, *tags):
    return new_code_cell(source, metadata={"tags": list(tags)})


@pytest.fixture
def book(tmp_path):
    """A book of one chapter, `99_tiny`."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "_toc.yml").write_text("format: jb-book\n")
    cells = [
        new_markdown_cell("# Tiny"),
        cell(PARAMETERS, "parameters"),
        cell("import math\n\ndef double(x):\n    return 2 * x", "definition"),
        cell("raise RuntimeError('this cell must not run on import')"),
        cell("def fail():\n    return 1 / 0  # on purpose", "definition"),
    ]
    nbformat.write(
        new_notebook(cells=cells, metadata=METADATA), tmp_path / "notebooks/99_tiny.ipynb"
    )
    return tmp_path


def stand_in(book, monkeypatch):
    """Let a book be the only one there is, for the package and for its module of notebooks."""
    for module in (chapters, notebook):  # the package first: it keeps what it has once looked up
        monkeypatch.setattr(module, "book_root", lambda: book)


def rewrite(book, *cells):
    nbformat.write(
        new_notebook(cells=list(cells), metadata=METADATA), book / "notebooks/99_tiny.ipynb"
    )


def test_definitions_import_only_definition_cells(book):
    module = chapters.definitions("99_tiny", book)
    assert module.double(21) == 42
    assert not hasattr(module, "scale")
    assert chapters.definitions("99_tiny", book) is module


def test_tracebacks_name_the_notebook_and_show_the_line(book):
    module = chapters.definitions("99_tiny", book)
    with pytest.raises(ZeroDivisionError) as caught:
        module.fail()
    text = "".join(traceback.format_exception(caught.value))
    assert "99_tiny.ipynb, cell 4" in text
    assert "return 1 / 0  # on purpose" in text


def test_definitions_follow_a_changed_notebook(book):
    before = chapters.definitions("99_tiny", book)
    rewrite(book, cell("def double(x):\n    return x + x + 1", "definition"))
    assert chapters.definitions("99_tiny", book) is not before
    assert chapters.definitions("99_tiny", book).double(1) == 3


def test_unknown_chapter_lists_those_there_are(book):
    with pytest.raises(ValueError, match=r"unknown chapter '98_none'.*99_tiny"):
        chapters.definitions("98_none", book)


def test_chapter_without_definitions_is_an_error(book):
    rewrite(book, cell("x = 1"))
    with pytest.raises(ValueError, match="no cell tagged 'definition'"):
        chapters.definitions("99_tiny", book)


def test_execute_injects_parameters(book, tmp_path):
    rewrite(book, cell(PARAMETERS, "parameters"), cell("print(scale, seed)"))
    done = chapters.execute("99_tiny", tmp_path / "out", {"scale": "smoke", "seed": 3}, book)
    assert "smoke 3" in done.notebook.read_text()
    assert done.seconds > 0


def test_execute_refuses_parameters_the_chapter_lacks(book, tmp_path):
    with pytest.raises(ValueError, match="no parameter colour: it takes data_root, device"):
        chapters.execute("99_tiny", tmp_path / "out", {"colour": "red"}, book)


def test_a_failing_cell_leaves_the_notebook_and_a_nonzero_exit(book, tmp_path, monkeypatch, capsys):
    rewrite(book, cell(PARAMETERS, "parameters"), cell("raise KeyError('lost')"))
    stand_in(book, monkeypatch)
    out = tmp_path / "out"
    assert main(["run", "99_tiny", "--scale", "smoke", "--out", str(out)]) == 1
    assert "KeyError: 'lost'" in capsys.readouterr().err
    outputs = [
        output
        for executed in json.loads((out / "99_tiny.ipynb").read_text())["cells"]
        for output in executed.get("outputs", ())
    ]
    assert any(output["output_type"] == "error" for output in outputs)


def test_prepare_writes_parameters_and_runs_nothing(book, tmp_path):
    target = chapters.prepare("99_tiny", tmp_path / "out", {"scale": "smoke"}, book)
    notebook = nbformat.read(target, as_version=4)
    assert any('scale = "smoke"' in c.source for c in notebook.cells)
    assert all(c.get("execution_count") is None for c in notebook.cells)


def test_kept_outputs_are_compared_by_nbval(book, tmp_path):
    kept = cell("print(6 * 7)", "keep_output")
    for printed, passes in (("42\n", True), ("43\n", False)):
        kept.outputs = [nbformat.v4.new_output("stream", name="stdout", text=printed)]
        rewrite(book, cell(PARAMETERS, "parameters"), kept)
        target = chapters.prepare("99_tiny", tmp_path / "out", {"scale": "smoke"}, book)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax"]
        result = subprocess.run([*command, target], capture_output=True, text=True, cwd=tmp_path)
        assert (result.returncode == 0) is passes, result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "99_tiny", "--scale", "huge"], "unknown scale 'huge'"),
        (["run", "98_none", "--scale", "smoke"], "unknown chapter '98_none'"),
        (["data", "verify"], "needs the name of a data set"),
        (["data", "verify", "no-such-set"], "unknown data set 'no-such-set'"),
    ],
)
def test_errors_of_use_are_one_line_and_exit_code_2(book, monkeypatch, capsys, arguments, message):
    stand_in(book, monkeypatch)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert message in error


def test_a_dead_kernel_is_named_with_its_cell_and_the_notebook_kept(book, tmp_path):
    kill = cell("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    rewrite(book, cell(PARAMETERS, "parameters"), kill, cell("print(1)"))
    message = r"99_tiny was stopped in cell 2: Kernel died. Was there enough memory\?"
    with pytest.raises(chapters.ChapterError, match=message):
        chapters.execute("99_tiny", tmp_path / "out", {"seed": 1}, book)
    kept = nbformat.read(tmp_path / "out/99_tiny.ipynb", as_version=4)
    assert "os.kill" in kept.cells[2].source


def test_prepare_refuses_parameters_the_chapter_lacks(book, tmp_path):
    with pytest.raises(ValueError, match="no parameter colour: it takes data_root, device"):
        chapters.prepare("99_tiny", tmp_path / "out", {"colour": "red"}, book)


def prepared(book, tmp_path, monkeypatch, *arguments):
    """The parameters that a command line gives to the chapter of a book."""
    stand_in(book, monkeypatch)
    monkeypatch.chdir(tmp_path)
    out = ["--prepare-only", "--out", "out", *arguments]
    assert main(["run", "99_tiny", *out]) == 0
    cells = nbformat.read(tmp_path / "out/99_tiny.ipynb", as_version=4).cells
    (given,) = [c for c in cells if "injected-parameters" in c.metadata.get("tags", ())]
    return parameters.defaults(given.source)


def test_typed_parameters_have_the_type_of_the_default(book, tmp_path, monkeypatch):
    lines = f'{PARAMETERS}weights = ""\nnote = ""\nrate = 0.1\nkeep = True\nlevels = [3, 4]\n'
    rewrite(book, cell(lines, "parameters"))
    for text in ("no", "12:30", "@x", "{a", "2024-01-01", "1e3", "null", "- a", "a: b", "'q'"):
        assert prepared(book, tmp_path, monkeypatch, "-p", "note", text)["note"] == text
    typed = ["-p", "rate", "1e-3", "-p", "keep", "no", "-p", "levels", "[1, 2, 3]"]
    found = prepared(book, tmp_path, monkeypatch, *typed)
    assert (found["rate"], found["keep"], found["levels"]) == (0.001, False, [1, 2, 3])
    monkeypatch.chdir(tmp_path)
    for name, text, message in (
        ("rate", "fast", "parameter rate is 'fast', expected a number"),
        ("keep", "maybe", "expected yes or no"),
        ("levels", "3", "expected a list such as"),
        ("colour", "red", "no parameter colour"),
    ):
        arguments = ["run", "99_tiny", "--prepare-only", "--out", "out", "-p", name, text]
        assert main(arguments) == 2, message


@given(st.text())
def test_text_stays_as_it_is_typed(text):
    assert parameters.parse("note", text, "a default") == text


@given(st.integers() | st.floats(allow_nan=False) | st.booleans())
def test_numbers_are_read_as_python_writes_them(value):
    found = parameters.parse("n", str(value), value)
    assert found == value
    assert type(found) is type(value)


def test_paths_are_taken_from_the_users_folder(book, tmp_path, monkeypatch):
    rewrite(book, cell(PARAMETERS + 'weights = ""\n', "parameters"))
    place = ["--data-root", "data", "--results", "records", "-p", "weights"]
    found = prepared(book, tmp_path, monkeypatch, *place, "vgg.pth")
    home = book / "notebooks"
    for name, path in (("data_root", "data"), ("results", "records"), ("weights", "vgg.pth")):
        assert (home / found[name]).resolve() == tmp_path / path
    assert prepared(book, tmp_path, monkeypatch, *place, "imagenet")["weights"] == "imagenet"


def test_data_and_results_may_be_on_another_drive(book, tmp_path, monkeypatch):
    def relpath(path, start):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr("os.path.relpath", relpath)
    place = ["--data-root", "data", "--results", "records"]
    found = prepared(book, tmp_path, monkeypatch, *place)
    assert found["data_root"] == str(tmp_path / "data")
    assert found["results"] == str(tmp_path / "records")
