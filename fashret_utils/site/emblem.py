"""The book's mark, a coat hanger whose hook is a lens: icon, logos, card of shared links."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, PathPatch, Rectangle
from matplotlib.path import Path as Outline

from fashret_utils.plots.style import COLOURS

TITLE = ("Fashion retrieval,", "reproduced")
CARD_SIZE = (1200, 630)  # pixels, what sites that show links ask for
SAMPLE = {"items": 60, "split": (20, 10, 30)}  # garments of which the card shows a search
RANKS, SIZE = 5, 128  # pictures after the query, pixels of each
FONTS = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', "
    "'DejaVu Sans', sans-serif"
)
# ground, lines, lens, first and second line of words
LIGHT = ("#0b5c94", "#fff", "#f0b429", "#14212b", "#51606b")
DARK = ("#7cc0ef", "#0d1720", "#8a4b00", "#f0f4f7", "#a9b7c2")
NIGHT = "#0d1f2e"  # ground of the card


def write(static: Path) -> None:
    """Draw icon, logos for both themes and the card into the folder of static files."""
    (static / "favicon.svg").write_text(mark(LIGHT))
    (static / "logo.svg").write_text(mark(LIGHT, words=True))
    (static / "logo-dark.svg").write_text(mark(DARK, words=True))
    card().savefig(static / "card.png", dpi=100)


def mark(colours: tuple[str, str, str, str, str], words: bool = False) -> str:
    """The mark as SVG, 64 pixels high; with the book's name beside it, 276 pixels wide."""
    ground, line, lens, first, second = colours
    text = (
        f'\n  <g font-family="{FONTS}" font-size="23" fill="{first}">\n'
        f'    <text x="78" y="29" font-weight="650" textLength="192" '
        f'lengthAdjust="spacingAndGlyphs">{TITLE[0]}</text>\n'
        f'    <text x="78" y="54" textLength="119" lengthAdjust="spacingAndGlyphs" '
        f'fill="{second}">{TITLE[1]}</text>\n  </g>'
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'viewBox="0 0 {276 if words else 64} 64">\n'
        f"  <title>{' '.join(TITLE)}</title>\n"
        f'  <rect width="64" height="64" rx="14" fill="{ground}"/>\n'
        f'  <g fill="none" stroke="{line}" stroke-width="5" stroke-linecap="round" '
        'stroke-linejoin="round">\n'
        '    <circle cx="32" cy="18" r="8.5"/>\n'
        '    <path d="M32 27v6L10 47.5c-2.6 1.8-1.4 5.5 1.7 5.5'
        'h40.6c3.1 0 4.3-3.7 1.7-5.5L32 33"/>\n'
        "  </g>\n"
        f'  <circle cx="32" cy="18" r="3" fill="{lens}"/>{text if words else ""}\n</svg>\n'
    )


def card() -> Figure:
    """The picture beside a shared link: the name, and one street photo with what is found for it.

    The search is real: the first query of a small Wardrobe whose first ranks, by colour histogram,
    begin with a hit and hold a miss.
    """
    width, height = CARD_SIZE
    figure = Figure(figsize=(width / 100, height / 100), facecolor=NIGHT)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    _hanger(axes, left=70, top=62, size=128)
    for text, y, weight, colour in (
        (TITLE[0], 112, "bold", "white"),
        (TITLE[1], 172, "normal", "#a9c4d8"),
    ):
        axes.text(232, y, text, color=colour, weight=weight, size=40, va="center")
    promise = "Five papers as programs to read and run; each claim judged by machine."
    axes.text(72, 262, promise, color="#dbe7ef", size=20.5, va="center")
    query, ranked, hits = _search()
    side, gap, top = 156, 22, 346
    for place, picture in enumerate([query, *ranked]):
        left = 72 + place * (side + gap) + (place > 0) * 16
        colour = COLOURS["query"] if place == 0 else COLOURS["hit" if hits[place - 1] else "miss"]
        _framed(axes, picture, left, top, side, colour)
        words = "query" if place == 0 else f"{place} {'✓' if hits[place - 1] else '✗'}"
        axes.text(left + side / 2, top + side + 34, words, color="white", size=17, ha="center")
    return figure


def _search() -> tuple[np.ndarray, list[np.ndarray], list[bool]]:
    """A query (h, w, 3), the pictures at its first ranks, and which of them are hits."""
    from fashret_utils import datasets, retrieval
    from fashret_utils.models import baselines

    catalog = datasets.load("wardrobe-garments", **SAMPLE)
    asked, shop = catalog.where(split="query"), catalog.where(split="gallery")
    embedded = [baselines.colour_histogram(side.pixels(SIZE)) for side in (asked, shop)]
    found = retrieval.evaluate(*embedded, asked.item, shop.item, k=(RANKS,), bootstrap=0)
    right = shop.item[found.indices[:, :RANKS]] == asked.item[:, None]
    row = int(np.flatnonzero(right[:, 0] & ~right.all(axis=1))[0])
    chosen = asked.pixels(SIZE)[[row]], shop.pixels(SIZE)[found.indices[row, :RANKS]]
    query, ranked = (np.moveaxis(pixels, 1, -1) for pixels in chosen)  # (n, h, w, 3)
    return query[0], list(ranked), right[row].tolist()


def _framed(
    axes: Axes, picture: np.ndarray, left: float, top: float, side: float, colour: str
) -> None:
    axes.imshow(picture, extent=(left, left + side, top + side, top), aspect="auto", zorder=2)
    frame = Rectangle((left - 4, top - 4), side + 8, side + 8, facecolor=colour, zorder=1)
    axes.add_patch(frame)


def _hanger(axes: Axes, left: float, top: float, size: float) -> None:
    """The mark, `size` pixels high, as in the SVG of 64."""
    scale = size / 64
    ground, line, lens, *_ = DARK
    rounded = f"round,pad=0,rounding_size={14 * scale}"
    axes.add_patch(FancyBboxPatch((left, top), size, size, rounded, facecolor=ground, lw=0))
    corners = [(32, 27), (32, 33), (10, 47.5), (7.4, 49.3), (8.6, 53), (11.7, 53), (52.3, 53)]
    corners += [(55.4, 53), (56.6, 49.3), (54, 47.5), (32, 33)]
    line_to, curve = Outline.LINETO, Outline.CURVE4
    codes = [Outline.MOVETO, line_to, line_to, curve, curve, curve, line_to]
    codes += [curve, curve, curve, line_to]
    points = np.array(corners) * scale + (left, top)
    stroke = {"lw": 5 * scale * 0.72, "edgecolor": line, "facecolor": "none"}  # 0.72 points a pixel
    style = {"capstyle": "round", "joinstyle": "round"}
    axes.add_patch(PathPatch(Outline(points, codes), **stroke, **style))
    centre = (left + 32 * scale, top + 18 * scale)
    axes.add_patch(Circle(centre, 8.5 * scale, **stroke))
    axes.add_patch(Circle(centre, 3 * scale, facecolor=lens, lw=0))
