"""From a garment to its drawn parts: images in one flat frame, ready to lay out or to bend."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial

import skia

from fashret_utils.wardrobe.cloth import Cloth
from fashret_utils.wardrobe.garments import bottoms, tops
from fashret_utils.wardrobe.garments.attributes import Garment
from fashret_utils.wardrobe.garments.cut import TopCut, along_arm, cut_top
from fashret_utils.wardrobe.garments.cut_lower import cut_bottom
from fashret_utils.wardrobe.garments.prints import limbs_match
from fashret_utils.wardrobe.paths import Point

LOWER = ("skirt", "trousers", "jeans", "shorts")


@dataclass(frozen=True)
class Flat:
    """A garment laid flat: how its parts are drawn, its extent, its landmarks.

    `parts` are (name, draw) pairs from back to front; `extent` is left, top, right, bottom and
    `landmarks` are points, both in body units; `outline` holds points of the body's right side.
    `light` draws what of a part's shading its mirror image lacks.
    """

    item: Garment
    parts: tuple[tuple[str, Callable[[skia.Canvas, Cloth], None]], ...]
    extent: tuple[float, float, float, float]
    landmarks: dict[str, Point]
    outline: tuple[Point, ...]
    sleeve_length: float = 0.0
    sleeve_reach: float = 0.0  # half width of the widest place below the armhole
    light: dict[str, Callable[[skia.Canvas, Cloth], None]] = field(default_factory=dict)

    @property
    def is_lower(self) -> bool:
        """Whether the garment hangs from the waist."""
        return self.item.category in LOWER


@lru_cache(maxsize=256)
def _lay_flat(key: "_Key") -> Flat:
    """Cut a garment and lay it out in the canonical pose."""
    item = key.item
    if item.category in LOWER:
        return _flat_bottom(item)
    return _flat_top(item)


class _Key:
    """Garments by identity of content, for caches: dictionaries inside have no hash."""

    def __init__(self, item: Garment):
        self.item = item
        self._content = (
            tuple(item.values.items()),
            tuple(item.shape.items()),
            item.colour_offsets,
            item.second_offsets,
            item.print_seed,
        )
        self._hash = hash(self._content)

    def __hash__(self):
        return self._hash

    def __eq__(self, other):
        return self._content == other._content


def _flat_bottom(item: Garment) -> Flat:
    cut = cut_bottom(item)
    x = max(x for x, _ in cut.side)
    (wx, wy), (hx, hy) = cut.waist, cut.side[-1]
    low = max(y for _, y in cut.hem)
    return Flat(
        item=item,
        parts=(
            ("lining", partial(bottoms.draw_inside, cut=cut)),
            ("legs" if cut.inseam else "skirt", partial(bottoms.draw_bottom, cut=cut)),
        ),
        extent=(-x - 0.05, wy - 0.1, x + 0.05, low + 0.05),
        landmarks={
            "left waistline": (-wx, wy),
            "right waistline": (wx, wy),
            "left hem": (-hx, hy),
            "right hem": (hx, hy),
        },
        outline=tuple(cut.side),
    )


def _flat_top(item: Garment) -> Flat:
    cut = cut_top(item)
    parts: list[tuple[str, Callable]] = [("lining", partial(tops.draw_lining, cut=cut))]
    light = {}
    if cut.sleeve_length:
        for right, name in ((True, "right sleeve"), (False, "left sleeve")):
            parts.append((name, partial(tops.draw_sleeve, cut=cut, right=right)))
            light[name] = partial(tops.light_sleeve, cut=cut, right=right)
    parts.append(("body", partial(tops.draw_body, cut=cut)))
    return Flat(
        item=item,
        parts=tuple(parts),
        extent=_top_extent(cut, item),
        landmarks=_top_landmarks(cut, item),
        outline=(cut.shoulder, *cut.side),
        sleeve_length=cut.sleeve_length,
        sleeve_reach=max(cut.cuff, 0.19 + 0.3 * cut.cuff + 0.55 * cut.sleeve_ease) + 0.06,
        light=light,
    )


def _top_extent(cut: TopCut, item: Garment) -> tuple[float, float, float, float]:
    x = max([px for px, _ in cut.side] + [cut.shoulder[0]])
    low = cut.hem_y
    if cut.sleeve_length:
        for across in (cut.cuff, -cut.cuff):
            px, py = along_arm(cut.sleeve_length, across)
            x, low = max(x, px), max(low, py)
    rise = {"turtleneck": 0.4, "stand collar": 0.28, "hood": 0.46, "shirt collar": 0.18}
    rise["lapel"] = 0.18
    top = cut.neck[-1][1] - rise.get(item.values["neckline"], 0.04)
    return (-x - 0.05, top, x + 0.05, low + 0.05)


def _top_landmarks(cut: TopCut, item: Garment) -> dict[str, Point]:
    points = {"collar": cut.neck[-1]}
    if cut.sleeve_length:
        points["sleeve"] = along_arm(cut.sleeve_length, 0.0)
    else:
        points["sleeve"] = cut.side[0]
    if item.category == "dress":
        points["waistline"] = cut.waist
    points["hem"] = cut.side[-1]
    return {
        f"{side} {name}": (sign * x, y)
        for name, (x, y) in points.items()
        for side, sign in (("left", -1), ("right", 1))
    }


@dataclass(frozen=True)
class Sheet:
    """The drawn parts of a garment, all on images of one frame.

    `scale` is pixels a body unit and `origin` the pixel where body unit (0, 0) lies; `meshes` keeps
    the lattices that were laid over the parts.
    """

    flat: Flat
    images: tuple[tuple[str, skia.Image], ...]
    scale: float
    origin: tuple[float, float]
    meshes: dict[bool, object] = field(default_factory=dict)


def draw_sheet(item: Garment, pixels: int, back: bool = False) -> Sheet:
    """Draw all parts of a garment, each on its own transparent image.

    **Arguments**

    - `pixels`: side of the images; the garment fills about nine tenths of it.
    - `back`: the back instead of the front.

    **Returns** the sheet; recently drawn ones are kept.
    """
    return _draw_sheet(_Key(item), pixels, back)


@lru_cache(maxsize=192)
def _draw_sheet(key: _Key, pixels: int, back: bool) -> Sheet:
    flat = _lay_flat(key)
    left, top, right, bottom = flat.extent
    scale = 0.9 * pixels / max(right - left, bottom - top)
    origin = (pixels / 2, round(pixels / 2 - scale * (top + bottom) / 2))
    size = min(1.7, max(0.85, 34 * (pixels / 128) / scale))
    cloth = Cloth(flat.item, scale, size, back)
    images, sleeve = [], None
    for name, draw in flat.parts:
        surface = skia.Surface(pixels, pixels)
        canvas = surface.getCanvas()
        if name == "left sleeve" and limbs_match(cloth):  # x = 0 lies in the middle of the image
            canvas.scale(-1, 1)
            canvas.drawImage(sleeve, -pixels, 0)
            canvas.resetMatrix()
        canvas.translate(*origin)
        canvas.scale(scale, scale)
        if name != "left sleeve" or not limbs_match(cloth):
            draw(canvas, cloth)
        if name in flat.light:
            sleeve = surface.makeImageSnapshot()
            flat.light[name](canvas, cloth)
        images.append((name, surface.makeImageSnapshot()))
    return Sheet(flat, tuple(images), scale, origin)
