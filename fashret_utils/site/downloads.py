"""What a reader can take away from a chapter: notebook, executed notebook, records."""

import shutil
import zipfile
from pathlib import Path

import nbformat

EPOCH = (1980, 1, 1, 0, 0, 0)  # of every file in an archive: the same records, the same bytes


def add(
    notebook: nbformat.NotebookNode, name: str, source: Path, records: dict[str, Path], src: Path
) -> None:
    """Write the files of a chapter to `src/book/files` and link to them below its first cell.

    **Arguments**
    - `notebook`: the executed chapter as it goes into the book; gets a cell with the links.
    - `name`: of the chapter; `source`: its notebook without outputs.
    - `records`: name in the archive -> folder of results, such as the committed ones.
    - `src`: the staged source of the book.
    """
    files = src / "book/files"
    files.mkdir(exist_ok=True)
    shutil.copy(source, files / f"{name}.ipynb")
    nbformat.write(notebook, files / f"{name}-executed.ipynb")
    archive = files / f"{name}-records.zip"
    number = pack({key: folder / name for key, folder in records.items()}, archive)
    links = [
        f"{{download}}`notebook </book/files/{name}.ipynb>`",
        f"{{download}}`executed notebook </book/files/{name}-executed.ipynb>` "
        f"({_size(files / f'{name}-executed.ipynb')})",
    ]
    if number:
        words = f"{number} run record{'s' if number > 1 else ''}"
        links.append(f"{{download}}`{words} </book/files/{name}-records.zip>` ({_size(archive)})")
    text = f":::{{div}} downloads\nDownload: {', '.join(links)}\n:::"
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell(text, id=f"downloads-{name[:2]}"))


def pack(folders: dict[str, Path], archive: Path) -> int:
    """Pack records and their embeddings into a ZIP archive, always to the same bytes.

    **Arguments**: `folders` - name in the archive -> folder; one that is missing holds nothing.

    **Returns** how many records there are; with none, no archive is written.
    """
    found = {
        f"{key}/{path.relative_to(folder).as_posix()}": path
        for key, folder in folders.items()
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".json", ".npz")
    }
    if not found:
        return 0
    with zipfile.ZipFile(archive, "w") as packed:
        for name, path in found.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, path.read_bytes())
    return sum(path.suffix == ".json" for path in found.values())


def _size(path: Path) -> str:
    size = path.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.0f} kB"
