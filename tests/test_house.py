"""The project's own files agree with each other."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DECLARED = [
    Requirement(line)
    for group in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    for line in group
]
CONDA_NAMES = {"pytorch": "torch"}
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def conda_requirements() -> dict[str, str]:
    """Name -> version bounds of environment.yml, under the names the package index uses."""
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    lines = [entry for entry in entries if isinstance(entry, str)]
    for entry in entries:
        if isinstance(entry, dict):
            lines += [line for line in entry["pip"] if not line.startswith("-")]
    parsed = [Requirement(line) for line in lines]
    return {
        canonicalize_name(CONDA_NAMES.get(r.name, r.name)): str(r.specifier)
        for r in parsed
        if r.name not in {"python", "pip"}
    }


def locked() -> dict[str, list[str]]:
    """Name -> locked versions (several where they differ by Python version or platform)."""
    versions: dict[str, list[str]] = {}
    for name, version in re.findall(
        r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", (ROOT / "requirements.lock").read_text(), re.M
    ):
        versions.setdefault(canonicalize_name(name), []).append(version)
    return versions


def test_environment_yml_has_the_same_requirements_as_pyproject():
    declared = {canonicalize_name(r.name): str(r.specifier) for r in DECLARED}
    assert conda_requirements() == declared


def test_the_lock_satisfies_every_requirement():
    versions = locked()
    for requirement in DECLARED:
        name = canonicalize_name(requirement.name)
        assert name in versions, f"{name} is not in requirements.lock: run make lock"
        for version in versions[name]:
            assert requirement.specifier.contains(version), (
                f"{name} {version} against {requirement}"
            )


def test_every_locked_package_has_a_hash_and_no_index_is_named():
    text = (ROOT / "requirements.lock").read_text()
    entries = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert len(entries) > 100
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert "index-url" not in text


def test_the_package_pins_neither_torch_nor_numpy():
    for requirement in DECLARED:
        operators = {clause.operator for clause in requirement.specifier}
        if requirement.name == "jupyter-book":  # 2.x builds books from another configuration file
            assert operators == {">=", "<"}
        else:
            assert operators == {">="}, f"{requirement}: lower bounds only"


@pytest.mark.parametrize("workflow", sorted((ROOT / ".github/workflows").glob("*.yml")), ids=str)
def test_workflows_follow_the_official_schema(workflow):
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "check_jsonschema",
            "--builtin-schema",
            "vendor.github-workflows",
            workflow,
        ],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_ci_calls_the_commands_of_the_readme():
    readme = (ROOT / "README.md").read_text()
    commands = [
        line for line in (ROOT / ".ci/run").read_text().splitlines() if line.startswith("make ")
    ]
    assert commands == ["make test", "make book", "make browser-test"]
    assert all(re.search(rf"^{command}\b", readme, re.M) for command in commands[:2])
    assert f"`{commands[2]}`" in readme


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_clean(path):
    notebook = json.loads(path.read_text())
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    tags = [set(cell["metadata"].get("tags", ())) for cell in code]
    lengths = [len("".join(cell["source"]).splitlines()) for cell in code]
    assert sum("parameters" in t for t in tags) == 1
    for cell, tag in zip(code, tags, strict=True):
        assert "keep_output" in tag or not cell["outputs"], "outputs only in keep_output cells"
        assert cell["execution_count"] is None
        assert all(output["output_type"] != "error" for output in cell["outputs"])
    assert max(lengths) <= 30, "longer code belongs to the package"
    assert sorted(lengths)[len(lengths) // 2] <= 12, "median cell: 12 lines at most"
    (parameters,) = [n for n, t in zip(lengths, tags, strict=True) if "parameters" in t]
    assert parameters <= 10


def test_every_chapter_is_in_the_table_of_contents():
    contents = (ROOT / "_toc.yml").read_text()
    assert NOTEBOOKS
    for path in NOTEBOOKS:
        assert f"notebooks/{path.stem}" in contents


def test_the_glossary_is_in_order_and_explains_the_metrics():
    glossary = (ROOT / "book/glossary.md").read_text()
    terms = re.findall(r"^(\S.*)\n  \S", glossary, re.M)
    assert {"hit@k", "precision@k", "recall@k", "mAP@R", "average precision"} <= set(terms)
    assert terms == sorted(terms, key=str.lower)
