"""What hides a part of a person in a composite: what she carries, and what is in the way."""

from __future__ import annotations

import numpy as np
import skia

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.people import occluders
from fashret_utils.wardrobe.people.body import CANONICAL, SHOULDER, Figure
from fashret_utils.wardrobe.scenes.paint import hsv, shade

CARRIED = ("crossbody", "tote")  # of the Wardrobe's, those that need neither hand nor neck
# Where the shoulders are below the top of the head: shares of the visible height.
_HALF_LENGTH, _FULL_LENGTH = 0.27, 0.17


def draw_carried(
    canvas: skia.Canvas, cover: np.ndarray, half_length: bool, draws: Draws, strength: float
) -> None:
    """Draw bags on a person who faces us or turns the back.

    **Arguments**: `canvas`: in pixels of `cover`, float32 (h, w); `half_length`: whether the person
    is cut off below the hips; `strength`: 0 none, 1 usual.
    """
    names = [name for name in occluders.choose(draws, strength) if name in CARRIED]
    shoulders = _shoulders(cover, half_length)
    if not names or shoulders is None:
        return
    x, y, half = shoulders
    unit = half / (SHOULDER[0] + 0.12)  # the arms are a little outside the shoulder joints
    canvas.save()
    canvas.translate(x, y - SHOULDER[1] * unit)
    canvas.scale(unit, unit)
    for name in names:
        occluders.draw(canvas, name, Figure(CANONICAL), draws, max(1.0, strength))
    canvas.restore()


def draw_foreground(canvas: skia.Canvas, size: int, draws: Draws, strength: float) -> None:
    """Draw things close to the lens, out of focus, at the picture's edges: a third of the time."""
    chosen, kind = draws.unit(), draws.pick((_pole, _passer, _leaves, _haze))
    if chosen >= 0.35 * strength:
        return
    canvas.save()
    canvas.scale(size, size)
    if draws.chance(0.5):
        canvas.translate(1, 0)
        canvas.scale(-1, 1)
    kind(canvas, draws, min(1.5, max(0.7, strength)))
    canvas.restore()


def _shoulders(cover: np.ndarray, half_length: bool) -> tuple[float, float, float] | None:
    """Middle (x, y) and half the width of the shoulders in pixels, None without a person."""
    solid = cover > 0.5
    rows = np.flatnonzero(solid.any(axis=1))
    if len(rows) < 20:
        return None
    share = _HALF_LENGTH if half_length else _FULL_LENGTH
    y = rows[0] + share * (rows[-1] + 1 - rows[0])
    columns = np.flatnonzero(solid[int(y)])
    if not len(columns):
        return None
    left, right = columns[0], columns[-1] + 1
    return (left + right) / 2, float(y), (right - left) / 2


def _blurred(colour: int, reach: float) -> skia.Paint:
    paint = skia.Paint(AntiAlias=True, Color=colour)
    paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, reach))
    return paint


def _pole(canvas: skia.Canvas, draws: Draws, strength: float) -> None:
    x, wide = draws.between(0.0, 0.3), strength * draws.between(0.02, 0.06)
    tone = hsv(draws.unit(), draws.between(0, 0.4), draws.between(0.1, 0.7))
    canvas.rotate(draws.signed(4), x, 0.5)
    canvas.drawRect(skia.Rect(x - wide, -0.1, x + wide, 1.1), _blurred(tone, 0.006))
    canvas.drawRect(
        skia.Rect(x - 0.5 * wide, -0.1, x - 0.2 * wide, 1.1), _blurred(shade(tone, 1.35), 0.006)
    )


def _passer(canvas: skia.Canvas, draws: Draws, strength: float) -> None:
    """Shoulder and head of somebody who walks by."""
    x, y = draws.between(-0.12, 0.06), draws.between(0.55, 0.8)
    reach = strength * draws.between(0.14, 0.2)
    coat = hsv(draws.unit(), draws.between(0, 0.6), draws.between(0.1, 0.6))
    hair = hsv(0.07, draws.between(0.2, 0.6), draws.between(0.06, 0.5))
    body = skia.Path()
    body.addRoundRect(skia.Rect(x - 2 * reach, y, x + 1.1 * reach, 1.4), reach, reach)
    canvas.drawPath(body, _blurred(coat, 0.012))
    head = skia.Rect(x - 0.75 * reach, y - 1.35 * reach, x + 0.35 * reach, y + 0.1 * reach)
    canvas.drawOval(head, _blurred(hair, 0.012))


def _leaves(canvas: skia.Canvas, draws: Draws, strength: float) -> None:
    """A twig that hangs into the picture from a corner."""
    green = hsv(draws.between(0.15, 0.38), draws.between(0.4, 0.7), draws.between(0.2, 0.6))
    corner = draws.pick((0.0, 1.0))
    for _ in range(draws.count(6, 12)):
        x, y = 0.3 * draws.unit() * strength, abs(corner - 0.3 * draws.unit() * strength)
        canvas.save()
        canvas.rotate(draws.signed(180), x, y)
        leaf = skia.Rect(x - 0.08, y - 0.028, x + 0.08, y + 0.028)
        canvas.drawOval(leaf, _blurred(shade(green, draws.between(0.7, 1.4)), 0.008))
        canvas.restore()


def _haze(canvas: skia.Canvas, draws: Draws, strength: float) -> None:
    """A reflection in the glass before the lens."""
    x = draws.between(0, 0.5)
    tone = hsv(draws.unit(), 0.15, 1, 0.3 * strength)
    band = skia.Path.Polygon(
        [skia.Point(x, 0), skia.Point(x + 0.22, 0), skia.Point(x - 0.1, 1), skia.Point(x - 0.3, 1)],
        True,
    )
    canvas.drawPath(band, _blurred(tone, 0.02))
