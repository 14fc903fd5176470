"""Things in front of shoes: a bag, fallen leaves, blades of grass, a walking stick."""

from functools import partial

import skia

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.layout import Layout
from fashret_utils.wardrobe.scenes.paint import hsv, line, polygon, shade, solid

_CHANCES = {"bag": 0.22, "leaves": 0.28, "blades": 0.16, "cane": 0.1}
NAMES = tuple(_CHANCES)


def choose(draws: Draws, strength: float) -> list[str]:
    """Draw which things lie in front of the shoes; none at strength 0.

    The same numbers are drawn at every strength.
    """
    return [name for name, share in _CHANCES.items() if draws.unit() < share * strength]


def add(layout: Layout, name: str, draws: Draws, size: float) -> None:
    """Add an occluder as the topmost layer.

    **Arguments**

    - `name`: one of `NAMES`.
    - `size`: how large it is, 1 as usual.
    """
    layout.add(_DRAW[name](draws, size))


def _bag(draws: Draws, size: float):
    side = draws.pick((-1, 1))
    x = 0.5 + side * draws.between(0.36, 0.48)
    half, high = draws.between(0.13, 0.2) * size, draws.between(0.22, 0.4) * size
    base, leather = (
        draws.between(0.88, 1.0),
        hsv(draws.unit(), draws.between(0.1, 0.7), draws.between(0.2, 0.9)),
    )

    def draw(canvas: skia.Canvas) -> None:
        handle = skia.Path()
        handle.moveTo(x - 0.5 * half, base - high)
        handle.cubicTo(
            x - 0.45 * half,
            base - 1.5 * high,
            x + 0.45 * half,
            base - 1.5 * high,
            x + 0.5 * half,
            base - high,
        )
        canvas.drawPath(handle, line(shade(leather, 0.6), 0.02))
        body = skia.Rect(x - half, base - high, x + half, base)
        canvas.drawRoundRect(body, 0.03, 0.03, solid(leather))
        canvas.drawRect(
            skia.Rect(x - half, base - high, x + half, base - 0.72 * high),
            solid(shade(leather, 0.85)),
        )
        canvas.drawRoundRect(
            skia.Rect(x - 0.1 * half, base - 0.78 * high, x + 0.1 * half, base - 0.64 * high),
            0.01,
            0.01,
            solid(0xFFD6B05C),
        )
        canvas.drawRect(skia.Rect(x + 0.7 * half, base - high, x + half, base), solid(0x22000000))

    return draw


def _leaves(draws: Draws, size: float):
    spots = [
        (
            draws.unit(),
            draws.between(0.55, 1.0),
            draws.between(0.03, 0.07) * size,
            draws.between(0, 360),
            hsv(draws.between(0.02, 0.17), 0.75, draws.between(0.5, 0.9)),
        )
        for _ in range(draws.count(3, 7))
    ]

    def draw(canvas: skia.Canvas) -> None:
        for x, y, reach, turn, colour in spots:
            canvas.save()
            canvas.translate(x, y)
            canvas.rotate(turn)
            leaf = skia.Path()
            leaf.moveTo(-reach, 0)
            leaf.quadTo(-0.2 * reach, -0.8 * reach, reach, 0)
            leaf.quadTo(-0.2 * reach, 0.8 * reach, -reach, 0)
            canvas.drawPath(leaf, solid(colour))
            canvas.drawLine(-1.3 * reach, 0, 0.8 * reach, 0, line(shade(colour, 0.6), 0.006))
            canvas.restore()

    return draw


def _blades(draws: Draws, size: float):
    green = hsv(draws.between(0.2, 0.33), 0.6, draws.between(0.35, 0.65))
    blades = []
    middle = draws.unit()
    for _ in range(16):
        x, high = middle + 0.3 * draws.bell(), draws.between(0.1, 0.3) * size
        blades.append((x, high, 0.1 * draws.signed()))

    def draw(canvas: skia.Canvas) -> None:
        path = skia.Path()
        for x, high, lean in blades:
            path.moveTo(x - 0.008, 1.02)
            path.quadTo(x, 1 - 0.6 * high, x + lean, 1 - high)
            path.quadTo(x + 0.014, 1 - 0.5 * high, x + 0.01, 1.02)
        canvas.drawPath(path, solid(green))

    return draw


def _cane(draws: Draws, size: float):
    """A walking stick or closed umbrella in front of the feet."""
    x, end, wide = draws.unit(), draws.unit(), draws.between(0.011, 0.02) * size
    colour = hsv(draws.unit(), draws.between(0.2, 0.8), draws.between(0.15, 0.8))

    def draw(canvas: skia.Canvas) -> None:
        polygon(
            canvas, ((x - wide, -1), (x + wide, -1), (end + wide, 0.8), (end - wide, 0.8)), colour
        )
        canvas.drawCircle(end, 0.8, 1.4 * wide, solid(shade(colour, 0.7)))

    return draw


_DRAW = {
    name: partial(draw) for name, draw in zip(NAMES, (_bag, _leaves, _blades, _cane), strict=True)
}
