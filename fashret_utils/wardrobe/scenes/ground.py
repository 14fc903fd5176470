"""The ground that shoes stand on, in perspective or seen from straight above."""

import skia

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.scenes.paint import hsv, line, shade, solid

KINDS = ("pavement", "asphalt", "boards", "tiles", "carpet", "grass", "sand", "cobbles")


def draw(canvas: skia.Canvas, draws: Draws, horizon: float, strength: float) -> None:
    """Cover the plane below the horizon, in units of the picture.

    **Arguments**

    - `draws`: random numbers; the kind of ground is drawn from them.
    - `horizon`: y where the ground begins; at -1 and above the plane is seen from straight above.
    - `strength`: below 1 the ground is as transparent as that, above 1 its contrast grows.
    """
    kind = draws.pick(KINDS)
    contrast = 0.12 * max(1.0, strength)
    canvas.save()
    if strength < 1:
        canvas.saveLayerAlpha(skia.Rect(-2, horizon, 3, 3), round(255 * strength))
    base = _BASES[kind](draws)
    if horizon > -1:  # nearer is darker; strips, because a gradient costs twenty times as much
        step = (1.1 - horizon) / 6
        for index in range(6):
            top, last = horizon + index * step, index == 5
            tone = skia.Paint(Color=shade(base, 1.12 - 0.055 * index))
            canvas.drawRect(skia.Rect(-0.9, top, 1.9, 2.2 if last else top + 1.1 * step), tone)
    else:
        canvas.drawRect(skia.Rect(-0.9, -0.9, 1.9, 1.9), skia.Paint(Color=base))
    canvas.clipRect(skia.Rect(-1.5, horizon, 2.5, 2.5))
    if horizon > -1:  # lay the plane down: parallel lines meet in the horizon
        canvas.save()
        canvas.concat(_lay_down(horizon))
        _MARKS[kind](canvas, draws, base, contrast, 1.6)
        canvas.restore()
    else:
        canvas.rotate(
            draws.signed(45) if kind in ("pavement", "boards", "tiles", "cobbles") else 0, 0.5, 0.5
        )
        _MARKS[kind](canvas, draws, base, contrast, 1.0)
    if strength < 1:
        canvas.restore()
    canvas.restore()


def _lay_down(horizon: float) -> skia.Matrix:
    """Map the square [-1, 2] x [0, 1.5] onto the ground: y = 0 far away, y = 1 near the viewer."""
    matrix = skia.Matrix()
    source = [skia.Point(-1, 0), skia.Point(2, 0), skia.Point(3.5, 1.5), skia.Point(-2.5, 1.5)]
    near = horizon + 1.5 * (1.05 - horizon)
    target = [
        skia.Point(-0.6, horizon + 0.04),
        skia.Point(1.6, horizon + 0.04),
        skia.Point(5.5, near),
        skia.Point(-4.5, near),
    ]
    matrix.setPolyToPoly(source, target)
    return matrix


def _slabs(canvas, draws: Draws, base: int, contrast: float, zoom: float) -> None:
    width, height = draws.between(0.3, 0.6) * zoom, draws.between(0.3, 0.5)
    _courses(canvas, draws, base, contrast, width, height, draws.pick((0.0, 0.5)), 0.012)


def _tiles(canvas, draws: Draws, base: int, contrast: float, zoom: float) -> None:
    side = draws.between(0.16, 0.34)
    if draws.chance(0.4):
        board = skia.Path()
        for row in range(-2, int(1.4 / side) + 1):
            for column in range(-4, int(1.6 / (side * zoom)) + 1):
                if (row + column) % 2:
                    board.addRect(
                        skia.Rect.MakeXYWH(column * side * zoom, row * side, side * zoom, side)
                    )
        canvas.drawPath(board, solid(shade(base, 1 - 3.2 * contrast)))
    _courses(canvas, draws, base, contrast, side * zoom, side, 0.0, 0.01)


def _boards(canvas, draws: Draws, base: int, contrast: float, zoom: float) -> None:
    _courses(
        canvas,
        draws,
        base,
        contrast,
        draws.between(0.9, 1.5) * zoom,
        draws.between(0.09, 0.18),
        0.37,
        0.008,
    )
    grain = skia.Path()
    for _ in range(16):
        x, y = draws.between(-0.8, 1.4), draws.between(0, 1.3)
        grain.moveTo(x, y)
        grain.lineTo(x + draws.between(0.2, 0.6), y)
    canvas.drawPath(grain, line(shade(base, 1 - contrast), 0.006))


def _cobbles(canvas, draws: Draws, base: int, contrast: float, zoom: float) -> None:
    side = draws.between(0.13, 0.2)
    stones = [skia.Path(), skia.Path()]
    for row in range(-2, int(1.3 / side) + 1):
        for column in range(-3, int(1.4 / (side * zoom)) + 1):
            x = (column + 0.5 * (row % 2)) * side * zoom
            rect = skia.Rect.MakeXYWH(x, row * side, side * zoom * 0.9, side * 0.88)
            stones[draws.chance(0.3)].addRect(rect)
    canvas.drawPath(stones[0], solid(shade(base, 1 + 1.5 * contrast)))
    canvas.drawPath(stones[1], solid(shade(base, 1 + 3 * contrast)))


def _courses(canvas, draws, base, contrast, width, height, offset, joint) -> None:
    """Rows of slabs, every second one shifted by `offset` widths, a few of them darker."""
    joints, dark = skia.Path(), skia.Path()
    rows, columns = int(1.8 / height) + 2, int(2.4 / width) + 2
    for row in range(rows):
        y, shift = -0.35 + row * height, offset * width * (row % 2) - 0.7
        joints.moveTo(-0.7, y)
        joints.lineTo(1.7, y)
        for column in range(columns):
            x = shift + column * width
            joints.moveTo(x, y)
            joints.lineTo(x, y + height)
        x = shift + draws.count(0, columns) * width
        dark.addRect(skia.Rect.MakeXYWH(x, y, width, height))
    canvas.drawPath(dark, solid(shade(base, 1 - 0.8 * contrast)))
    canvas.drawPath(joints, line(shade(base, 1 - 2.4 * contrast), joint))


def _specks(canvas, draws: Draws, base: int, contrast: float, zoom: float) -> None:
    light, dark = skia.Path(), skia.Path()
    for index in range(36):
        x, y, reach = (
            draws.between(-0.4, 1.4),
            draws.between(-0.1, 1.2),
            draws.between(0.004, 0.014),
        )
        (light if index % 2 else dark).addOval(
            skia.Rect(x - reach * zoom, y - reach, x + reach * zoom, y + reach)
        )
    canvas.drawPath(light, solid(shade(base, 1 + 1.6 * contrast)))
    canvas.drawPath(dark, solid(shade(base, 1 - 1.6 * contrast)))


def _asphalt(canvas, draws: Draws, base: int, contrast: float, zoom: float) -> None:
    _specks(canvas, draws, base, 1.4 * contrast, zoom)
    if draws.chance(0.5):
        stripe = skia.Path()
        x, wide = draws.between(-0.4, 1.0), draws.between(0.1, 0.25)
        for step in range(draws.count(1, 4)):
            stripe.addRect(skia.Rect.MakeXYWH(x + 2.2 * wide * step, -1, wide, 3))
        canvas.drawPath(stripe, solid(hsv(draws.pick((0.13, 0.0)), draws.pick((0.0, 0.6)), 0.9)))


def _blades(canvas, draws: Draws, base: int, contrast: float, zoom: float) -> None:
    for tone in (1 - 2.2 * contrast, 1 + 1.8 * contrast):
        blades = skia.Path()
        for _ in range(38):
            x, y = draws.between(-0.3, 1.3), draws.between(0, 1.25)
            blades.moveTo(x, y)
            blades.lineTo(x + draws.signed(0.03), y - draws.between(0.03, 0.09))
        canvas.drawPath(blades, line(shade(base, tone), 0.011))


def _weave(canvas, draws: Draws, base: int, contrast: float, zoom: float) -> None:
    tone = hsv(draws.unit(), draws.between(0.2, 0.7), draws.between(0.3, 0.9))
    step = draws.between(0.14, 0.34)
    motif = skia.Path()
    for row in range(-1, int(1.3 / step)):
        for column in range(-2, int(1.4 / (step * zoom)) + 1):
            x, y, reach = column * step * zoom, row * step, 0.3 * step
            motif.addPoly(
                [
                    skia.Point(x - reach * zoom, y),
                    skia.Point(x, y - reach),
                    skia.Point(x + reach * zoom, y),
                    skia.Point(x, y + reach),
                ],
                True,
            )
    canvas.drawPath(motif, solid(tone if draws.chance(0.6) else shade(base, 1 - 2 * contrast)))


def _grey(draws: Draws) -> int:
    return hsv(draws.pick((0.08, 0.11, 0.6)), draws.between(0, 0.14), draws.between(0.42, 0.82))


_BASES = {
    "pavement": _grey,
    "asphalt": lambda draws: hsv(0.62, draws.between(0, 0.1), draws.between(0.22, 0.45)),
    "boards": lambda draws: hsv(
        draws.between(0.05, 0.09), draws.between(0.25, 0.65), draws.between(0.35, 0.85)
    ),
    "tiles": lambda draws: hsv(draws.unit(), draws.between(0, 0.22), draws.between(0.5, 0.95)),
    "carpet": lambda draws: hsv(draws.unit(), draws.between(0.1, 0.65), draws.between(0.3, 0.85)),
    "grass": lambda draws: hsv(
        draws.between(0.19, 0.33), draws.between(0.4, 0.65), draws.between(0.35, 0.65)
    ),
    "sand": lambda draws: hsv(0.1, draws.between(0.2, 0.4), draws.between(0.7, 0.92)),
    "cobbles": lambda draws: hsv(
        draws.pick((0.07, 0.6)), draws.between(0, 0.15), draws.between(0.3, 0.5)
    ),
}
_MARKS = {
    "pavement": _slabs,
    "asphalt": _asphalt,
    "boards": _boards,
    "tiles": _tiles,
    "carpet": _weave,
    "grass": _blades,
    "sand": _specks,
    "cobbles": _cobbles,
}
