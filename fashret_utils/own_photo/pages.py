"""The book's page: the kept model runs in the reader's browser, and nothing leaves it."""

import base64
import gzip
import io
import json
from importlib import resources
from pathlib import Path
from string import Template

from fashret_utils import chapters
from fashret_utils.augment import MEAN
from fashret_utils.explorer.pages import frame
from fashret_utils.own_photo.answers import WINDOWS
from fashret_utils.own_photo.archive import SIDE, Archive, archives

LIMIT = 8_000_000  # bytes of what is loaded on click
MISSING = "The chapters executed here kept no model small enough for a page: run `make book`.\n"


def write(static: Path, generated: Path, models: Path | None = None) -> Path:
    """Write the page's document, what it loads, and the part of a page that shows it.

    **Arguments**: `static` - folder of the site's files, `generated` - folder of generated page
    parts; both exist; `models` - folder of kept models, by default the build folder's.

    **Returns** the page's part, `generated/own-photo.md`.
    """
    page = generated / "own-photo.md"
    for archive in archives(models):
        load = payload(archive)
        if len(load) <= LIMIT:
            break
    else:
        page.write_text(MISSING, encoding="utf-8")
        return page
    folder = static / "own-photo"
    folder.mkdir(exist_ok=True)
    (folder / "load.js").write_text(load, encoding="ascii")
    (folder / "index.html").write_text(_document(archive, len(load)), encoding="utf-8")
    page.write_text(
        f"The model is `{archive.arm}` of {{doc}}`/notebooks/{archive.chapter}`, scale"
        f" {archive.scale}, seed {archive.seed}.{_measured(archive)}\n\n"
        "```{raw} html\n"
        f"{frame('own-photo', 'Try your own photo', folder / 'index.html', '24rem')}```\n",
        encoding="utf-8",
    )
    return page


def payload(archive: Archive) -> str:
    """A script that sets `payload`: runtime and model, compressed, and pictures.

    A script, since a page opened from disk may load those but no other files.
    """
    vendor = chapters.book_root() / "book/_vendor/onnxruntime-web"
    folder = Path(archive.folder)
    parts = {
        "runtime": gzip.compress((vendor / "ort.wasm.min.mjs").read_bytes(), mtime=0),
        "loader": gzip.compress((vendor / "ort-wasm-simd-threaded.mjs").read_bytes(), mtime=0),
        "wasm": (vendor / "ort-wasm-simd-threaded.wasm.gz").read_bytes(),
        "model": gzip.compress(onnx_bytes(archive), mtime=0),
        "gallery": (folder / "gallery.webp").read_bytes(),
        "samples": (folder / "samples.webp").read_bytes(),
    }
    encoded = {name: base64.b64encode(part).decode() for name, part in parts.items()}
    return f"self.payload = {json.dumps(encoded)};\n"


def onnx_bytes(archive: Archive) -> bytes:
    """The kept model as ONNX: input `pixels` (batch, 3, S, S), output `similarities` (batch, m)."""
    import torch

    program = torch.export.load(Path(archive.folder) / "model.pt2")
    converted = torch.onnx.export(
        program,
        input_names=["pixels"],
        output_names=["similarities"],
        dynamo=True,
        verbose=False,
    )
    buffer = io.BytesIO()
    converted.save(buffer)
    return buffer.getvalue()


def _measured(archive: Archive) -> str:
    if not archive.metrics:
        return ""
    first, ten = (f"{100 * archive.metrics[name]:.0f} %" for name in ("hit@1", "hit@10"))
    return (
        " In its test, with all views of the gallery to choose from, it ranked the right item first"
        f" for {first} of the street pictures and among the first ten for {ten}."
    )


def _document(archive: Archive, weight: int) -> str:
    about = {
        "size": archive.size,
        "columns": archive.columns,
        "gallery": archive.gallery,
        "samples": archive.samples,
        "side": SIDE,
        "windows": WINDOWS,
        "grey": [255 * value for value in MEAN],
    }
    home = resources.files(__package__)
    style = resources.files("fashret_utils.explorer").joinpath("explorer.css")
    return Template(home.joinpath("own-photo.html").read_text(encoding="utf-8")).substitute(
        css=style.read_text(encoding="utf-8"),
        script=home.joinpath("own-photo.js").read_text(encoding="utf-8"),
        about=json.dumps(about, separators=(",", ":")).replace("</", "<\\/"),
        weight=f"{weight / 1e6:.1f} MB",
    )
