"""How the book is cited: one source, in agreement with the rest of the project."""

import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

from fashret_utils.site import citation

ROOT = Path(__file__).resolve().parents[2]
ABOUT = yaml.safe_load((ROOT / "CITATION.cff").read_text())
SETTINGS = yaml.safe_load((ROOT / "_config.yml").read_text())


def test_citation_cff_follows_the_official_schema():
    schema = ["--builtin-schema", "vendor.citation-file-format"]
    command = [sys.executable, "-m", "check_jsonschema", *schema, ROOT / "CITATION.cff"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_citation_cff_agrees_with_package_and_book():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert ABOUT["version"] == project["version"]
    assert [author["name"] for author in ABOUT["authors"]] == [SETTINGS["author"]]
    assert [author["name"] for author in project["authors"]] == [SETTINGS["author"]]
    assert ABOUT["title"] == SETTINGS["title"]


def test_bibtex_says_what_citation_cff_says(tmp_path):
    text = citation.bibtex(ROOT)
    assert "  title = {{Fashion retrieval, reproduced}},\n" in text
    assert f"  note = {{Version {ABOUT['version']}}},\n" in text
    assert "url = " not in text
    (tmp_path / "CITATION.cff").write_text((ROOT / "CITATION.cff").read_text())
    config = (ROOT / "_config.yml").read_text()
    config = config.replace('baseurl: ""', "baseurl: https://books.example")
    (tmp_path / "_config.yml").write_text(config)
    assert "  url = {https://books.example},\n" in citation.bibtex(tmp_path)
