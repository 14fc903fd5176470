"""The book's page: kept models run in the reader's browser, and nothing leaves it."""

import base64
import gzip
import json
from importlib import resources
from pathlib import Path
from string import Template

from fashret_utils import chapters
from fashret_utils.data.augment import MEAN
from fashret_utils.explorer.pages import frame
from fashret_utils.own_photo.answers import WINDOWS
from fashret_utils.own_photo.archive import Archive, archives
from fashret_utils.own_photo.galleries import SIDE

LIMIT = 8_000_000  # bytes of what is loaded of a model
MISSING = "The chapters executed here kept no model small enough for a page: run `make book`.\n"


def write(static: Path, generated: Path, models: Path | None = None) -> Path:
    """Write the page's document, what it loads, and the part of a page that shows it.

    Of each chapter the first of `archives` is offered that is light enough.

    **Arguments**: `static` - folder of the site's files, `generated` - folder of generated page
    parts; both exist; `models` - folder of kept models, by default the build folder's.

    **Returns** the page's part, `generated/own-photo.md`.
    """
    page = generated / "own-photo.md"
    runtime, offered = _script("runtime", _runtime()), {}
    for archive in archives(models):
        if archive.chapter not in offered:
            script = _script(archive.chapter, _parts(archive))
            if len(script) <= LIMIT:
                offered[archive.chapter] = archive, script
    if not offered:
        page.write_text(MISSING, encoding="utf-8")
        return page
    folder = static / "own-photo"
    folder.mkdir(exist_ok=True)
    (folder / "runtime.js").write_text(runtime, encoding="ascii")
    weights = {}
    for chapter, (_, script) in sorted(offered.items()):
        (folder / f"{chapter}.js").write_text(script, encoding="ascii")
        weights[chapter] = len(script)
    chosen = {chapter: offered[chapter][0] for chapter in weights}
    document = _document(chosen, weights, len(runtime))
    (folder / "index.html").write_text(document, encoding="utf-8")
    page.write_text(
        "```{raw} html\n"
        f"{frame('own-photo', 'Try your own photo', folder / 'index.html', '24rem')}```\n\n"
        f"{_table(chosen, weights)}",
        encoding="utf-8",
    )
    return page


def _script(name: str, parts: dict[str, object]) -> str:
    """A script that hands over parts; bytes as base64.

    A script, since a page opened from disk may load those but no other files.
    """
    encoded = {key: _text(part) if isinstance(part, bytes) else part for key, part in parts.items()}
    return f"(self.parts ??= {{}})[{json.dumps(name)}] = {json.dumps(encoded)};\n"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _runtime() -> dict[str, object]:
    vendor = chapters.book_root() / "book/_vendor/onnxruntime-web"
    return {
        "runtime": gzip.compress((vendor / "ort.wasm.min.mjs").read_bytes(), mtime=0),
        "loader": gzip.compress((vendor / "ort-wasm-simd-threaded.mjs").read_bytes(), mtime=0),
        "wasm": (vendor / "ort-wasm-simd-threaded.wasm.gz").read_bytes(),
    }


def _parts(archive: Archive) -> dict[str, object]:
    galleries = [archive.gallery(number) for number in range(len(archive.galleries))]
    return {
        "network": gzip.compress(archive.network, mtime=0),
        "galleries": [
            {
                "name": each.name,
                "note": each.note,
                "captions": each.captions,
                "columns": each.columns,
                "sheet": _text(each.sheet),
                "vectors": _text(each.vectors.astype("<f4").tobytes()),
            }
            for each in galleries
        ],
        "samples": (Path(archive.folder) / "samples.webp").read_bytes(),
        "streets": archive.samples,
        "size": archive.size,
        "symmetric": archive.symmetric,
        "id": archive.identity,
    }


def _short(chapter: str) -> str:
    """Number and short title of a chapter, such as "01 DML"."""
    return f"{chapter[:2]} {chapters.title(chapter).partition(':')[0]}"


def _table(offered: dict[str, Archive], weights: dict[str, int]) -> str:
    """A table of the models, and where its numbers are from."""
    rows = [
        "| chapter | model | items | hit@1 | hit@10 | weights | loads |",
        "|---|---|--:|--:|--:|---|--:|",
    ]
    for chapter, archive in offered.items():
        found = [archive.metrics.get(name) for name in ("hit@1", "hit@10")]
        shown = ["" if value is None else f"{100 * value:.1f} %" for value in found]
        cells = (f"{{doc}}`{_short(chapter)} </notebooks/{chapter}>`", f"`{archive.arm}`")
        cells += (str(len(archive.galleries[0]["captions"])), *shown, _rounding(archive))
        rows.append(f"| {' | '.join((*cells, f'{weights[chapter] / 1e6:.1f} MB'))} |")
    runs = sorted({f"scale {each.scale}, seed {each.seed}" for each in offered.values()})
    return "\n".join(
        (
            f"The models, as their chapters trained them for this book ({'; '.join(runs)}):\n",
            *rows,
            "\nHits are of the chapter's own test, which has all views of each item in its gallery;"
            " here there is one picture of each. Galleries differ, so the rows cannot be compared."
            " Weights are stored in as few bits as cost at most half a point of hit@1, measured in"
            " the gallery of this page.",
            "",
        )
    )


def _rounding(archive: Archive) -> str:
    """How the weights are stored, and what that costs."""
    found = archive.checked
    cost = 100 * (found["kept"] - found["float32"])
    return f"{archive.weights}, {cost:+.1f} points ({found['queries']:.0f} queries)"


def _document(offered: dict[str, Archive], weights: dict[str, int], runtime: int) -> str:
    best = max(offered.values(), key=lambda each: each.metrics.get("hit@1", 0))
    about = {
        "models": [
            {"name": chapter, "label": f"{_short(chapter)}: {each.arm}", "weight": weights[chapter]}
            for chapter, each in offered.items()
        ],
        "first": best.chapter,
        "runtime": runtime,
        "side": SIDE,
        "windows": WINDOWS,
        "grey": [255 * value for value in MEAN],
    }
    home = resources.files(__package__)
    style = resources.files("fashret_utils.explorer").joinpath("explorer.css")
    return Template(home.joinpath("own-photo.html").read_text(encoding="utf-8")).substitute(
        css=style.read_text(encoding="utf-8"),
        script=home.joinpath("own-photo.js").read_text(encoding="utf-8"),
        worker=home.joinpath("own-photo-worker.js").read_text(encoding="utf-8"),
        about=json.dumps(about, separators=(",", ":")).replace("</", "<\\/"),
        runtime=f"{runtime / 1e6:.1f} MB",
    )
