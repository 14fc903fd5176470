"""Cluttered backgrounds: layered procedural scenes, out of focus as behind a photographed person.

A scene is painted in unit coordinates on a surface smaller than the picture and enlarged with
linear sampling: the enlargement is the depth blur, and painting fewer pixels is what makes a
scene cost less than a millisecond.
"""

import colorsys
from bisect import bisect_right
from itertools import accumulate

import numpy as np
import skia

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.scenes.indoors import ROOMS
from fashret_utils.wardrobe.scenes.outdoors import PLACES

# Streets are where street photos are taken: they get the most weight.
_KINDS = {
    "street": (PLACES["street"], 3.0),
    "room": (ROOMS["room"], 2.0),
    "shelves": (ROOMS["shelves"], 1.5),
    "rail": (ROOMS["rail"], 1.0),
    "station": (ROOMS["station"], 1.0),
    "foliage": (PLACES["foliage"], 1.0),
    "park": (PLACES["park"], 1.2),
    "brick": (PLACES["brick"], 1.0),
    "beach": (PLACES["beach"], 0.8),
}
KINDS = tuple(_KINDS)
_WEIGHTS = tuple(accumulate(weight for _, weight in _KINDS.values()))
_LINEAR = skia.SamplingOptions(skia.FilterMode.kLinear)


def background(
    rng: np.random.Generator, size: int, strength: float, kind: str | None = None
) -> skia.Image:
    """Paint a random scene.

    **Arguments**
    - `rng`: the picture's background stream.
    - `size`: width and height in pixels.
    - `strength`: 0 = the plain white of a shop picture, 1 = default clutter, 2 = extreme clutter
      and contrast; values between fade the scene towards white.
    - `kind`: one of `KINDS`; drawn at random when None.

    **Returns** an opaque `skia.Image`, `size` x `size`.

    **Raises** `ValueError` for an unknown kind.
    """
    surface = skia.Surface(size, size)
    canvas = surface.getCanvas()
    canvas.clear(skia.ColorWHITE)
    draws = Draws(rng)
    position = draws.unit() * _WEIGHTS[-1]
    if kind is None:
        kind = KINDS[bisect_right(_WEIGHTS, position)]
    elif kind not in _KINDS:
        raise ValueError(f"Unknown scene kind {kind!r}: expected one of {', '.join(KINDS)}.")
    if strength <= 0:
        return surface.makeImageSnapshot()

    sharpness = draws.pick((0.3, 0.36, 0.42, 0.5, 0.62))
    pixels = max(8, round(size * sharpness))
    small = skia.Surface(pixels, pixels)
    painter = small.getCanvas()
    painter.scale(pixels, pixels)
    _look_around(painter, draws)
    _KINDS[kind][0](painter, draws)
    painter.resetMatrix()
    painter.scale(pixels, pixels)
    _cast_light(painter, draws)
    if strength > 1:
        _add_clutter(painter, draws, strength - 1)

    fade = skia.Paint(Alphaf=min(1.0, strength)) if strength < 1 else None
    canvas.drawImageRect(small.makeImageSnapshot(), skia.Rect.MakeWH(size, size), _LINEAR, fade)
    return surface.makeImageSnapshot()


def _look_around(canvas: skia.Canvas, draws: Draws) -> None:
    """Zoom into a random part of the scene; mirror it half of the time."""
    zoom = draws.between(1.0, 1.5)
    canvas.translate(-draws.unit() * (zoom - 1), -draws.unit() * (zoom - 1))
    canvas.scale(zoom, zoom)
    if draws.chance(0.5):
        canvas.translate(1, 0)
        canvas.scale(-1, 1)
    tilt = draws.bell() * 5
    if draws.chance(0.35):  # rarely: a turned rectangle costs six times an upright one
        canvas.rotate(tilt, 0.5, 0.5)


def _cast_light(canvas: skia.Canvas, draws: Draws) -> None:
    """Darken the scene towards one side, in strips: a gradient costs ten times as much."""
    turn, dark = draws.pick((0, 90, 180, 270)), draws.between(0.0, 0.09)
    canvas.rotate(turn, 0.5, 0.5)
    strip = skia.Paint(Color=skia.ColorSetARGB(int(255 * dark), 8, 8, 24))
    for edge in (0.25, 0.45, 0.63, 0.78, 0.91):
        canvas.drawRect(skia.Rect(edge, 0, 1, 1), strip)


def _add_clutter(canvas: skia.Canvas, draws: Draws, amount: float) -> None:
    """Throw saturated boxes, discs and bars over the scene: contrast that is not clothing."""
    for _ in range(int(6 + 20 * amount)):
        red, green, blue = colorsys.hsv_to_rgb(
            draws.unit(), draws.between(0.3, 1.0), draws.pick((0.1, 0.5, 0.95))
        )
        paint = skia.Paint(
            AntiAlias=True, Color=skia.ColorSetRGB(*(int(255 * c) for c in (red, green, blue)))
        )
        x, y, reach = draws.unit(), draws.unit(), draws.between(0.03, 0.12) * (0.6 + amount)
        form = draws.count(0, 2)
        if form == 0:
            canvas.drawCircle(x, y, reach, paint)
            continue
        canvas.save()
        canvas.rotate(draws.signed(90), x, y)
        width, height = (reach, reach * draws.between(0.4, 1)) if form == 1 else (3 * reach, 0.02)
        canvas.drawRect(skia.Rect.MakeXYWH(x - width, y - height, 2 * width, 2 * height), paint)
        canvas.restore()
