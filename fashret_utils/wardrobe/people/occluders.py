"""Things that people carry and that hide a part of what they wear."""

import numpy as np
import skia

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.palette import PALETTE, RGB, argb, darker, lighter
from fashret_utils.wardrobe.paths import line, outline, polygon
from fashret_utils.wardrobe.people.body import Figure

_COLOURS = tuple(PALETTE.values())


def _fill(colour: RGB, alpha: float = 1.0) -> skia.Paint:
    return skia.Paint(AntiAlias=True, Color=argb(colour, alpha))


def _stroke(colour: RGB, width: float) -> skia.Paint:
    return skia.Paint(
        AntiAlias=True,
        Color=argb(colour),
        Style=skia.Paint.kStroke_Style,
        StrokeWidth=width,
        StrokeCap=skia.Paint.kRound_Cap,
    )


def choose(draws: Draws, strength: float) -> list[str]:
    """Which occluders a picture has: none at strength 0, about 0.7 of them at 1."""
    chances = {"crossbody": 0.2, "tote": 0.14, "scarf": 0.14, "handbag": 0.14, "cup": 0.1}
    numbers = {name: draws.unit() for name in chances}
    names = [name for name, chance in chances.items() if numbers[name] < chance * strength]
    if "crossbody" in names and "tote" in names:
        names.remove("tote")
    return names


def draw(canvas: skia.Canvas, name: str, figure: Figure, draws: Draws, size: float) -> None:
    """Draw an occluder on a figure; `size` 1 is everyday, 2 large."""
    colour = draws.pick(_COLOURS)
    _DRAW[name](canvas, figure, draws, colour, 0.85 + 0.3 * draws.unit() + 0.25 * (size - 1))


def _crossbody(canvas, figure, draws, colour, size):
    side = 1 if draws.chance(0.5) else -1
    points = np.array([(-side * 0.5, 0.1), (side * 0.1, 1.0), (side * 0.66, 2.2)])
    a, b, c = [tuple(p) for p in figure.torso(points).tolist()]
    canvas.drawPath(line(a, b, c), _stroke(darker(colour, 0.25), 0.09))
    _bag(canvas, c[0], c[1], 0.42 * size, 0.34 * size, colour)


def _bag(canvas, x, y, half, height, colour):
    body = skia.Path()
    body.addRoundRect(skia.Rect.MakeXYWH(x - half, y, 2 * half, 2 * height), 0.1, 0.1)
    canvas.drawPath(body, _fill(colour))
    flap = outline(
        [(x - half, y), (x + half, y)],
        [(x + half, y + 0.8 * height), (x, y + 1.15 * height), (x - half, y + 0.8 * height)],
    )
    canvas.drawPath(flap, _fill(darker(colour, 0.14)))
    canvas.drawCircle(x, y + 1.1 * height, 0.05, _fill(lighter((210, 180, 100), 0.2)))


def _tote(canvas, figure, draws, colour, size):
    side = 1 if draws.chance(0.5) else -1
    points = np.array([(side * 0.6, 0.1), (side * 0.86, 1.3)])
    (x0, y0), (x1, y1) = figure.torso(points).tolist()
    for dx in (-0.1, 0.12):
        canvas.drawPath(line((x0, y0), (x1 + dx, y1 + 0.25)), _stroke(darker(colour, 0.3), 0.06))
    half, height = 0.42 * size, 1.05 * size
    sack = polygon(
        [
            (x1 - half, y1 + 0.2),
            (x1 + half, y1 + 0.2),
            (x1 + 0.88 * half, y1 + height),
            (x1 - 0.88 * half, y1 + height),
        ]
    )
    canvas.drawPath(sack, _fill(colour))
    canvas.drawRect(
        skia.Rect.MakeXYWH(x1 - half, y1 + 0.2, 2 * half, 0.08), _fill(darker(colour, 0.2))
    )


def _scarf(canvas, figure, draws, colour, size):
    loop = np.array(
        [(-0.42, 0.02), (-0.2, -0.28), (0.2, -0.28), (0.42, 0.02), (0.28, 0.34), (-0.28, 0.34)]
    )
    points = [tuple(p) for p in figure.torso(loop).tolist()]
    side = 0.16 if draws.chance(0.5) else -0.16
    length = 0.8 + 0.7 * size * draws.unit()
    tail = np.array(
        [
            (side - 0.15, 0.2),
            (side + 0.15, 0.2),
            (side + 0.19, 0.3 + length),
            (side - 0.13, 0.3 + length),
        ]
    )
    tail = [tuple(p) for p in figure.torso(tail).tolist()]
    canvas.drawPath(polygon(tail), _fill(darker(colour, 0.12)))
    canvas.drawPath(line(tail[3], tail[2]), _stroke(lighter(colour, 0.45), 0.06))
    canvas.drawPath(outline([*points, points[0]]), _fill(colour))
    crease = _stroke(darker(colour, 0.3), 0.03)
    canvas.drawPath(line(points[0], tuple(np.add(points[4], (-0.2, -0.1))), points[3]), crease)


def _handbag(canvas, figure, draws, colour, size):
    side = int(draws.chance(0.5))
    (x, y), _ = figure.hand(side)
    canvas.drawPath(
        outline([(x - 0.2, y + 0.62), (x, y + 0.12), (x + 0.2, y + 0.62)], close=False),
        _stroke(darker(colour, 0.3), 0.06),
    )
    _bag(canvas, float(x), float(y) + 0.55, 0.4 * size, 0.32 * size, colour)


def _cup(canvas, figure, draws, colour, size):
    side = int(draws.chance(0.5))
    (x, y), _ = figure.hand(side)
    x, y = float(x), float(y)
    cup = polygon(
        [(x - 0.15, y - 0.28), (x + 0.15, y - 0.28), (x + 0.11, y + 0.2), (x - 0.11, y + 0.2)]
    )
    canvas.drawPath(cup, _fill((246, 243, 236)))
    canvas.drawRect(skia.Rect.MakeXYWH(x - 0.14, y - 0.14, 0.28, 0.18), _fill(colour))
    canvas.drawRect(skia.Rect.MakeXYWH(x - 0.17, y - 0.34, 0.34, 0.08), _fill((60, 52, 50)))


def draw_phone(canvas: skia.Canvas, figure: Figure, side: int) -> None:
    """A phone in a raised hand."""
    (x, y), _ = figure.hand(side)
    case = skia.Path()
    case.addRoundRect(skia.Rect.MakeXYWH(float(x) - 0.16, float(y) - 0.55, 0.32, 0.6), 0.05, 0.05)
    canvas.drawPath(case, _fill((36, 38, 46)))
    canvas.drawCircle(float(x) - 0.08, float(y) - 0.46, 0.035, _fill((120, 130, 150)))


_DRAW = {
    "crossbody": _crossbody,
    "tote": _tote,
    "scarf": _scarf,
    "handbag": _handbag,
    "cup": _cup,
}
