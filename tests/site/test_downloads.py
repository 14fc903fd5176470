"""Downloads of a chapter: archives of records, always the same bytes, and a bar of links."""

import zipfile

import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook

from fashret_utils.site import downloads


def write_records(folder):
    arm = folder / "toy/arm"
    arm.mkdir(parents=True)
    (arm / "smoke-seed0.json").write_text('{"seed": 0}')
    (arm / "smoke-seed0.npz").write_bytes(b"numbers")
    (arm / "half.tmp").write_text("not a record")


def test_an_archive_holds_records_and_embeddings_of_each_folder(tmp_path):
    write_records(tmp_path / "one")
    write_records(tmp_path / "two")
    folders = {"committed": tmp_path / "one", "this-page": tmp_path / "two", "x": tmp_path / "none"}
    assert downloads.pack(folders, tmp_path / "a.zip") == 2
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        assert packed.testzip() is None
        assert packed.namelist() == [
            f"{key}/toy/arm/smoke-seed0.{ending}"
            for key in ("committed", "this-page")
            for ending in ("json", "npz")
        ]
        assert packed.read("this-page/toy/arm/smoke-seed0.json") == b'{"seed": 0}'


def test_the_same_records_give_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_records(tmp_path / name)
        downloads.pack({"records": tmp_path / name}, tmp_path / f"{name}.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_without_records_there_is_no_archive_and_no_link(tmp_path):
    (tmp_path / "book").mkdir()
    chapter = new_notebook(cells=[new_markdown_cell("# Tiny")])
    source = tmp_path / "tiny.ipynb"
    nbformat.write(chapter, source)
    downloads.add(chapter, "00_tiny", source, {"records": tmp_path / "none"}, tmp_path)
    assert not list(tmp_path.rglob("*.zip"))
    bar = chapter.cells[1].source
    assert "zip" not in bar
    assert bar.count("{download}") == 2


def test_the_executed_notebook_is_offered_as_it_ran(tmp_path):
    (tmp_path / "book").mkdir()
    write_records(tmp_path / "records/00_tiny")
    chapter = new_notebook(cells=[new_markdown_cell("# Tiny"), new_markdown_cell("## More")])
    source = tmp_path / "tiny.ipynb"
    nbformat.write(chapter, source)
    downloads.add(chapter, "00_tiny", source, {"records": tmp_path / "records"}, tmp_path)
    kept = nbformat.read(tmp_path / "book/files/00_tiny-executed.ipynb", as_version=4)
    assert [cell.source for cell in kept.cells] == ["# Tiny", "## More"]
    assert [cell.source[:15] for cell in chapter.cells] == ["# Tiny", ":::{div} downlo", "## More"]
    assert "1 run record </book/files/00_tiny-records.zip>` (0 kB)" in chapter.cells[1].source
