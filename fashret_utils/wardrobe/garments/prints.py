"""Prints that are placed rather than repeated: graphic motifs and colour blocks."""

import math

import skia

from fashret_utils.wardrobe.cloth import Cloth, wedge
from fashret_utils.wardrobe.palette import darker, lighter, mix
from fashret_utils.wardrobe.paths import outline, oval, polygon


def place_print(canvas: skia.Canvas, cloth: Cloth, x: float, y: float, radius: float) -> None:
    """Print a motif on the chest or thigh, where the item has a graphic print.

    **Arguments**

    - `x`, `y`: middle of the motif in body units.
    - `radius`: its half width.
    """
    if cloth.pattern != "graphic print" or cloth.back:
        return
    rng = cloth.print_rng
    draw = _MOTIFS[int(rng.integers(len(_MOTIFS)))]
    canvas.save()
    canvas.translate(x, y)
    radius *= 0.85 + 0.15 * cloth.item.shape["motif"]
    canvas.scale(radius, radius)
    third = (
        lighter(cloth.second, 0.55) if rng.random() < 0.5 else mix(cloth.second, cloth.main, 0.4)
    )
    draw(canvas, cloth, rng, third)
    canvas.restore()


def _sunset(canvas, cloth, rng, third):
    cloth.patch(canvas, oval(0, 0, 0.9, 0.9), cloth.second)
    bars = skia.Path()
    for i in range(int(rng.integers(2, 5))):
        bars.addRect(skia.Rect.MakeXYWH(-1, 0.15 + 0.22 * i, 2, 0.06 + 0.02 * i))
    cloth.patch(canvas, bars, cloth.main)


def _mountains(canvas, cloth, rng, third):
    low = rng.uniform(-0.1, 0.3)
    cloth.patch(canvas, oval(rng.uniform(-0.4, 0.4), -0.45, 0.3, 0.3), third)
    cloth.patch(canvas, polygon([(-1, 0.7), (-0.35, -0.6), (0.4, 0.7)]), cloth.second)
    cloth.patch(canvas, polygon([(-0.4, 0.7), (0.4, low), (1, 0.7)]), darker(cloth.second, 0.3))
    cloth.patch(canvas, polygon([(-0.35, -0.6), (-0.55, -0.2), (-0.12, -0.2)]), third)


def _heart(canvas, cloth, rng, third):
    heart = outline(
        [(0, 0.85), (-0.75, 0.1), (-0.85, -0.4), (-0.45, -0.7), (0, -0.35)],
        [(0, -0.35), (0.45, -0.7), (0.85, -0.4), (0.75, 0.1), (0, 0.85)],
    )
    cloth.patch(canvas, heart, cloth.second)
    if rng.random() < 0.6:
        cloth.patch(canvas, wedge((-0.5, -0.4), (-0.6, 0.1), 0.12), third)


def _star(canvas, cloth, rng, third):
    points, inner = int(rng.integers(5, 9)), rng.uniform(0.38, 0.62)
    spokes = [
        (r * math.sin(math.pi * k / points), -r * math.cos(math.pi * k / points))
        for k in range(2 * points)
        for r in ((1.0 if k % 2 == 0 else inner),)
    ]
    cloth.patch(canvas, polygon(spokes), cloth.second)
    cloth.patch(canvas, oval(0, 0, 0.25, 0.25), third)


def _leaf(canvas, cloth, rng, third):
    for i in range(-2, 3):
        angle = i * 0.5
        tip = (0.95 * math.sin(angle), 0.6 - 1.4 * math.cos(angle))
        colour = cloth.second if i % 2 == 0 else third
        cloth.patch(canvas, wedge((0, 0.7), tip, 0.3), colour)


def _shapes(canvas, cloth, rng, third):
    cloth.patch(canvas, oval(-0.35, -0.35, 0.5, 0.5), cloth.second)
    half = skia.Path()
    half.addArc(skia.Rect.MakeLTRB(-0.2, -0.3, 0.9, 0.8), float(rng.integers(4) * 90), 180)
    cloth.patch(canvas, half, third)
    cloth.patch(
        canvas, polygon([(-0.9, 0.85), (-0.3, 0.0), (0.2, 0.85)]), darker(cloth.second, 0.35)
    )


def _bolt(canvas, cloth, rng, third):
    cloth.patch(canvas, oval(0, 0, 0.95, 0.95), third)
    bolt = [(0.15, -0.95), (-0.5, 0.15), (-0.02, 0.15), (-0.2, 0.95), (0.5, -0.2), (0.05, -0.2)]
    cloth.patch(canvas, polygon(bolt), cloth.second)


def _waves(canvas, cloth, rng, third):
    count = int(rng.integers(3, 6))
    for i in range(count):
        y = -0.7 + 1.5 * i / count
        crest = [(-0.9, y), (-0.45, y - 0.22), (0, y), (0.45, y + 0.22), (0.9, y)]
        wave = outline(crest, close=False)
        cloth.stroke(canvas, wave, 6.0, cloth.second if i % 2 else third, 1.0)


def _bars(canvas, cloth, rng, third):
    """Lines of lettering too small to read."""
    y = -0.6
    for big in rng.permutation([0.42, 0.2, 0.26]):
        x, end = -0.95, rng.uniform(0.6, 0.95)
        while x < end:
            width = min(end - x, rng.uniform(0.14, 0.3))
            block = skia.Path()
            block.addRoundRect(skia.Rect.MakeXYWH(x, y, width, big), 0.06, 0.06)
            cloth.patch(canvas, block, cloth.second if big > 0.2 else third)
            x += width + 0.07
        y += big + 0.12


_MOTIFS = (_sunset, _mountains, _heart, _star, _leaf, _shapes, _bolt, _waves, _bars)


def block_body(canvas: skia.Canvas, cloth: Cloth, top: float, bottom: float) -> None:
    """Lay the second colour over part of a body that reaches from `top` to `bottom`."""
    if cloth.pattern != "colour block" or cloth.block == 0:
        return
    middle = top + (bottom - top) * (0.42 + 0.1 * cloth.item.shape["motif"])
    deep = 0.2 * (bottom - top)
    shapes = {
        1: [(-4, middle), (4, middle), (4, 9), (-4, 9)],
        2: [(-4, middle - deep), (4, middle - deep), (4, middle + deep), (-4, middle + deep)],
        3: [(0, -2), (4, -2), (4, 9), (0, 9)],
        4: [(-4, middle + 1.6), (4, middle - 1.6), (4, 9), (-4, 9)],
        5: [(-4, -2), (4, -2), (4, middle - 0.4 * deep), (-4, middle - 0.4 * deep)],
    }
    shape = polygon(shapes[cloth.block])
    cloth.patch(canvas, shape, cloth.second)
    cloth.stroke(canvas, shape, 1.0, None, 0.5)


def limbs_match(cloth: Cloth) -> bool:
    """Whether both sleeves have one colour."""
    return block_limb(cloth, True) == block_limb(cloth, False)


def block_limb(cloth: Cloth, right: bool):
    """The colour of a sleeve of a colour-blocked top; None for the cloth itself."""
    if cloth.pattern != "colour block":
        return None
    whole = cloth.block in (0, 5) or (cloth.block == 3 and right)
    return cloth.second if whole else None
