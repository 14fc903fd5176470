"""Feet, legs and trousers of the person who wears the shoes."""

import skia

from fashret_utils.wardrobe.palette import RGB, argb, darker, lighter
from fashret_utils.wardrobe.paths import line, outline, symmetric
from fashret_utils.wardrobe.shoes.finish import SHADOW
from fashret_utils.wardrobe.shoes.form import Form
from fashret_utils.wardrobe.shoes.legwear import Legwear


def _fill(canvas: skia.Canvas, path: skia.Path, colour: RGB, alpha: float = 1.0) -> None:
    canvas.drawPath(path, skia.Paint(AntiAlias=True, Color=argb(colour, alpha)))


def _line(canvas: skia.Canvas, path: skia.Path, colour: RGB, width: float, alpha: float) -> None:
    paint = skia.Paint(
        AntiAlias=True,
        Color=argb(colour, alpha),
        Style=skia.Paint.kStroke_Style,
        StrokeWidth=width,
        StrokeCap=skia.Paint.kRound_Cap,
    )
    canvas.drawPath(path, paint)


def _shade_edge(canvas: skia.Canvas, edge: list, width: float) -> None:
    """Darken a part along its right-hand edge."""
    inner = [(x - width, y) for x, y in reversed(edge)]
    _fill(canvas, outline(edge, inner), SHADOW, 0.2)


def _top(wear: Legwear) -> float:
    """How far over the heel seat the bare leg must be drawn: no further than the trousers hide."""
    return 2.6 if wear.cloth is None else max(wear.hem, 0.5) + 0.25


def draw_foot_side(canvas: skia.Canvas, form: Form, wear: Legwear) -> None:
    """The foot and leg in a shoe seen from the side (toe left), before the shoe."""
    bed, seat = form.bed, form.bed(1.0)
    end = _top(wear)
    calf = [(0.6, seat - end)] if end < 1.0 else [(0.6, seat - end), (0.615, seat - 0.9)]
    top = [
        *calf,
        (0.62, seat - 0.5),
        (0.57, bed(0.57) - 0.33),
        (0.42, bed(0.42) - 0.2),
        (0.25, bed(0.25) - 0.115),
        (0.1, bed(0.1) - 0.08),
        (0.03, bed(0.05) - 0.03),
    ]
    sole = [top[-1], (0.05, bed(0.05)), *form.bed_run[2:-1], (0.96, bed(0.96))]
    back = [sole[-1], (0.985, seat - 0.09), (0.955, seat - 0.25), (0.92, seat - 0.48)]
    back += [(0.96, seat - end)] if end < 1.0 else [(0.98, seat - 0.95), (1.0, seat - end)]
    leg = outline(top, sole, back)
    _fill(canvas, leg, wear.skin)
    if wear.sock:
        colour, height = wear.sock
        canvas.save()
        canvas.clipPath(leg, True)
        canvas.drawRect(skia.Rect(0, seat - height, 1.2, 0), skia.Paint(Color=argb(colour)))
        _line(
            canvas, line((0.5, seat - height), (1.1, seat - height)), darker(colour, 0.3), 0.03, 0.7
        )
        canvas.restore()
    elif form.item.category == "sandal":
        toes = line((0.035, bed(0.05) - 0.035), (0.06, bed(0.05) - 0.05), (0.095, bed(0.1) - 0.048))
        _line(canvas, toes, darker(wear.skin, 0.4), 0.008, 0.8)
    _shade_edge(canvas, back[1:], 0.1)


def draw_trousers_side(canvas: skia.Canvas, form: Form, wear: Legwear) -> None:
    """The trouser leg over a shoe seen from the side."""
    if wear.cloth is None:
        return
    hem, half, seat = form.bed(1.0) - wear.hem, wear.width, form.bed(1.0)
    middle = 0.78
    front = [
        (middle - half - 0.06, seat - 2.6),
        (middle - half - 0.02, seat - 1.0),
        (middle - half - 0.03, hem + 0.015),
    ]
    rear = [
        (middle + half + 0.01, hem - 0.01),
        (middle + half, seat - 1.0),
        (middle + half + 0.05, seat - 2.6),
    ]
    leg = outline(front, [front[-1], (middle, hem + 0.035), rear[0]], rear)
    _cloth(canvas, leg, wear, line(front[-1], (middle, hem + 0.035), rear[0]), rear)


def _cloth(canvas: skia.Canvas, leg: skia.Path, wear: Legwear, hem: skia.Path, edge) -> None:
    _fill(canvas, leg, wear.cloth)
    _shade_edge(canvas, edge, 0.12)
    box = leg.getBounds()
    folds = skia.Path()
    for share, drop in ((0.3, 0.12), (0.62, 0.22), (0.45, 0.42)):
        x, y = box.left() + share * box.width(), box.bottom() - drop
        folds.moveTo(x - 0.1 * box.width(), y)
        folds.quadTo(x, y + 0.04, x + 0.18 * box.width(), y - 0.05)
    _line(canvas, folds, darker(wear.cloth, 0.45), 0.02, 0.4)
    canvas.save()
    canvas.translate(0, -0.035)
    _line(canvas, hem, (214, 160, 90) if wear.denim else darker(wear.cloth, 0.4), 0.01, 0.8)
    canvas.restore()
    _line(canvas, hem, darker(wear.cloth, 0.5), 0.014, 0.8)


def _tube(width: float, low: float, ankle: float, end: float) -> skia.Path:
    side = [(width, low - 0.9), (ankle, low - 0.3), (width * 0.9, low)]
    if end > 1.0:
        side.insert(0, (width + 0.03, low - end))
    return symmetric([(0.0, side[0][1]), side[0]], side, [side[-1], (0.0, low + 0.05)])


def draw_foot_end(canvas: skia.Canvas, form: Form, wear: Legwear, front: bool) -> None:
    """The leg in a shoe seen from the front or from behind, before the shoe."""
    seat = form.bed(1.0)
    leg = _tube(0.11, seat - 0.06, 0.088, _top(wear))
    _fill(canvas, leg, wear.skin)
    if front and form.item.category in ("sandal", "pump"):
        base = form.bed(0.3)
        foot = symmetric(
            [(0.0, seat - 0.32), (0.08, seat - 0.28)],
            [(0.08, seat - 0.28), (0.115, base - 0.12), (0.15, base - 0.02)],
            [(0.15, base - 0.02), (0.1, base), (0.0, base)],
        )
        _fill(canvas, foot, wear.skin)
        if form.item.category == "sandal":
            toes = skia.Path()
            for x in (-0.11, -0.055, 0.0, 0.055, 0.11):
                toes.addCircle(x, base - 0.028, 0.03)
            _fill(canvas, toes, wear.skin)
            _line(canvas, toes, darker(wear.skin, 0.35), 0.007, 0.6)
    if wear.sock:
        colour, height = wear.sock
        canvas.save()
        canvas.clipPath(leg, True)
        canvas.drawRect(skia.Rect(-1, seat - height, 1, 0.2), skia.Paint(Color=argb(colour)))
        _line(
            canvas,
            line((-0.2, seat - height), (0.2, seat - height)),
            darker(colour, 0.3),
            0.03,
            0.7,
        )
        canvas.restore()
    _shade_edge(
        canvas,
        [(0.14, seat - 2.6), (0.11, seat - 0.96), (0.088, seat - 0.36), (0.099, seat - 0.06)],
        0.06,
    )


def draw_trousers_end(canvas: skia.Canvas, form: Form, wear: Legwear) -> None:
    """The trouser leg over a shoe seen from the front or from behind."""
    if wear.cloth is None:
        return
    hem, half = form.bed(1.0) - wear.hem, max(0.15, wear.width * 0.9)
    leg = symmetric(
        [(0.0, hem - 2.6), (half + 0.05, hem - 2.6)],
        [(half + 0.05, hem - 2.6), (half, hem - 1.0), (half - 0.01, hem)],
        [(half - 0.01, hem), (0.5 * half, hem + 0.018), (0.0, hem + 0.022)],
    )
    edge = [(half + 0.05, hem - 2.6), (half, hem - 1.0), (half - 0.01, hem)]
    _cloth(canvas, leg, wear, line((-half + 0.01, hem), (0, hem + 0.024), (half - 0.01, hem)), edge)


def draw_foot_top(canvas: skia.Canvas, form: Form, wear: Legwear, long: float) -> None:
    """The foot in a sandal seen from above, before its bands."""
    colour = wear.sock[0] if wear.sock else wear.skin

    def at(x: float, y: float):
        return x + 0.03 * (1 - y) ** 2, y * long

    right = [(0.0, 0.03), (0.1, 0.05), (0.15, 0.25), (0.105, 0.6), (0.1, 0.88), (0.0, 0.96)]
    foot = outline([at(x, y) for x, y in [*right, *((-x, y) for x, y in right[::-1][1:])]])
    _fill(canvas, foot, colour)
    toes = skia.Path()
    for index in range(5):
        toes.addCircle(*at(0.1 - 0.05 * index, 0.03 + 0.014 * abs(index - 1) ** 1.4), 0.032)
    _fill(canvas, toes, colour)
    if not wear.sock:
        _line(canvas, toes, darker(colour, 0.35), 0.008, 0.5)


def draw_leg_top(canvas: skia.Canvas, form: Form, wear: Legwear, long: float) -> None:
    """A leg that rises towards a viewer who looks down on it: it widens to the picture's edge."""
    y = 0.735 * long
    colour = wear.sock[0] if wear.sock else wear.skin
    half = 0.088
    shin = outline(
        [(-half, y), (0.0, y - 0.11), (half, y)],
        [(half, y), (half + 0.07, y + 0.9)],
        [(half + 0.07, y + 2.4), (-half - 0.07, y + 2.4)],
        [(-half - 0.07, y + 0.9), (-half, y)],
    )
    _fill(canvas, shin, colour)
    _shade_edge(canvas, [(half, y), (half + 0.07, y + 0.9)], 0.06)
    if wear.cloth is None:
        return
    wide = max(wear.width * 0.82, 0.125)
    start = y - 0.13 + (0.0 if wear.hem < 0.45 else 0.22)
    leg = outline(
        [(-wide, start + 0.1), (0.0, start), (wide, start + 0.1)],
        [(wide, start + 0.1), (wide + 0.11, y + 1.1)],
        [(wide + 0.2, y + 2.6), (-wide - 0.2, y + 2.6)],
        [(-wide - 0.11, y + 1.1), (-wide, start + 0.1)],
    )
    _fill(canvas, leg, wear.cloth)
    _shade_edge(canvas, [(wide, start + 0.1), (wide + 0.11, y + 1.1)], 0.09)
    hem = line((-wide, start + 0.1), (0.0, start), (wide, start + 0.1))
    _line(canvas, hem, darker(wear.cloth, 0.45), 0.016, 0.9)
    canvas.save()
    canvas.translate(0, 0.04)
    _line(canvas, hem, (214, 160, 90) if wear.denim else lighter(wear.cloth, 0.2), 0.009, 0.7)
    canvas.restore()
