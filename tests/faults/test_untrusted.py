"""Files of strangers are data: nothing in them is ever executed."""

import ast
import json
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import runs
import torch

import fashret_utils
from fashret_utils import __main__ as command_line
from fashret_utils.evidence import provenance, records

PACKAGE = Path(fashret_utils.__file__).parent


class Trap:
    """Unpickled, it makes a folder."""

    def __init__(self, place):
        self.place = str(place)

    def __reduce__(self):
        return os.mkdir, (self.place,)


@pytest.fixture
def sprung(tmp_path):
    place = tmp_path / "sprung"
    pickle.loads(pickle.dumps(Trap(place)))  # it works
    place.rmdir()
    return place


def test_a_checkpoint_with_code_is_passed_over(tmp_path, sprung, monkeypatch):
    monkeypatch.setenv("FASHRET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(provenance, "code_hash", lambda *_: "0" * 16)
    runs.prepare(tmp_path)
    runs.train(str(tmp_path))
    wanted = runs.weights(tmp_path)
    last = runs.newest(tmp_path, "training")
    torch.save({"fingerprint": {}, "random": [], "parts": Trap(sprung)}, last)
    with pytest.warns(UserWarning, match=rf"{last.name} is damaged .* and is passed over"):
        runs.train(str(tmp_path))
    assert runs.weights(tmp_path) == wanted
    assert not sprung.exists()


def test_embeddings_with_code_are_refused(tmp_path, sprung):
    runs.write_records(str(tmp_path))
    (made,) = records.load(tmp_path / "results")
    archive = made.path(tmp_path / "results").with_suffix(".npz")
    trap = np.array([Trap(sprung)], dtype=object)
    np.savez(archive, query=trap, gallery=trap, query_items=trap, gallery_items=trap)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        records.embeddings(made, tmp_path / "results")
    assert not sprung.exists()


def test_data_commands_execute_nothing_that_lies_among_the_data(tmp_path, sprung, capsys):
    runs.prepare(tmp_path)
    folder = tmp_path / "pictures" / "item-00" / "shop"
    code = f"import os\nos.mkdir({str(sprung)!r})\n"
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [cell | {"source": code}],
    }
    for name in ("conftest.py", "setup.py", "__init__.py", "sitecustomize.py"):
        (folder / name).write_text(code)
    (folder / "trap.ipynb").write_text(json.dumps(notebook))
    (folder / "trap.png").write_bytes(pickle.dumps(Trap(sprung)))
    eps = f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n({sprung}) (w) file\nshowpage\n"
    (folder / "trap.jpg").write_text(eps)
    assert command_line.main(["data", "list", "--data-root", str(tmp_path)]) == 0
    assert (
        command_line.main(["data", "verify", "folder", "--data-root", f"{tmp_path}/pictures"]) == 1
    )
    assert "damaged  2: item-00/shop/trap.jpg, item-00/shop/trap.png" in capsys.readouterr().out
    assert not sprung.exists()
    shutil.rmtree(folder)


FORBIDDEN = {"pickle", "marshal", "shelve", "subprocess", "runpy", "importlib", "code", "ctypes"}
CALLS = {"eval", "exec", "compile", "__import__", "system", "popen", "read_pickle"}


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("datasets/*.py")), ids=lambda p: p.stem)
def test_modules_of_data_sets_have_no_means_to_execute(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not FORBIDDEN & {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in FORBIDDEN
        elif isinstance(node, ast.Call):
            function = node.func
            name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
            of = getattr(getattr(function, "value", None), "id", "")
            assert name not in CALLS or of == "re"
            assert not any(keyword.arg == "allow_pickle" for keyword in node.keywords)


def test_weights_are_loaded_as_weights_only():
    loads = [
        (path.name, {k.arg: getattr(k.value, "value", None) for k in node.keywords})
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func) in ("torch.load", "torch.hub.load_state_dict_from_url")
    ]
    assert any(name == "checkpoints.py" for name, _ in loads)
    for name, options in loads:
        assert options.get("weights_only") is True, name
