"""Hair and headwear: what lies behind the figure, on the head, and over the shoulders."""

import skia

from .body import Figure
from .figure import Person, head_frame
from .palette import RGB, argb, darker, lighter, mix
from .paths import outline, oval, symmetric

_CROWN = [(0.0, -0.575), (0.3, -0.5), (0.43, -0.22), (0.41, 0.08)]
_LONG = ("long", "waves")


def _paint(colour: RGB) -> skia.Paint:
    return skia.Paint(AntiAlias=True, Color=argb(colour))


def _scarf_colour(person: Person) -> RGB:
    return mix(person.shoes, (150, 90, 110), 0.4)


def draw_behind(canvas: skia.Canvas, figure: Figure, person: Person) -> None:
    """Hair that falls behind neck and shoulders."""
    style = person.hair_style
    paint = _paint(darker(person.hair, 0.25))
    canvas.save()
    head_frame(canvas, figure)
    if style in _LONG:
        wide = 0.5 if style == "long" else 0.6
        canvas.drawPath(symmetric([*_CROWN[:3], (wide, 0.5), (wide - 0.02, 1.25), (0, 1.36)]), paint)
    elif style == "bob":
        canvas.drawPath(symmetric([*_CROWN[:3], (0.5, 0.2), (0.45, 0.52), (0, 0.56)]), paint)
    elif style == "tail":
        side = 1 if person.brow > 0 else -1
        tail = outline([(0, -0.4), (side * 0.55, -0.2), (side * 0.62, 0.5), (side * 0.46, 0.95)])
        canvas.drawPath(tail, paint)
    elif style == "curls":
        lumps = skia.Path()
        for x, y, r in _CURLS:
            lumps.addCircle(x, y, r)
        canvas.drawPath(lumps, paint)
    elif style == "headscarf":
        shape = symmetric([(0, -0.6), (0.36, -0.5), (0.5, -0.1), (0.46, 0.5), (0.52, 0.8), (0, 1.0)])
        canvas.drawPath(shape, _paint(darker(_scarf_colour(person), 0.25)))
    canvas.restore()


_CURLS = (
    (0, -0.42, 0.34),
    (-0.3, -0.34, 0.3),
    (0.3, -0.34, 0.3),
    (-0.44, -0.08, 0.26),
    (0.44, -0.08, 0.26),
    (-0.45, 0.2, 0.22),
    (0.45, 0.2, 0.22),
)


def draw_on_head(canvas: skia.Canvas, figure: Figure, person: Person) -> None:
    """Hair on the skull, or a cap or headscarf."""
    style = person.hair_style
    paint, shine = _paint(person.hair), _paint(lighter(person.hair, 0.14))
    canvas.save()
    head_frame(canvas, figure)
    if person.brow < 0:
        canvas.scale(-1, 1)
    if style == "headscarf":
        _draw_headscarf(canvas, _scarf_colour(person))
    elif style == "cap":
        _draw_cap(canvas, person, paint)
    else:
        low = {"short": -0.02, "crop": -0.08, "bob": 0.34, "curls": 0.02}.get(style, 0.16)
        wide = 0.45 if style in ("bob", *_LONG) else 0.4
        top = [(-wide, low), (-0.43, -0.22), (-0.3, -0.5), (0, -0.585), (0.3, -0.5), (0.43, -0.22)]
        right = [(0.43, -0.22), (wide, low)]
        parting = -0.16 if style in ("crop", "bun") else 0.12
        line = [(0.35, low), (0.32, -0.18), (parting + 0.1, -0.37), (-0.2, -0.24), (-0.34, low)]
        if style in ("bun", "tail", "crop"):
            line = [(0.35, low), (0.31, -0.24), (0, -0.35), (-0.31, -0.24), (-0.35, low)]
        canvas.drawPath(outline(top, right, [right[-1], line[0]], line), paint)
        gloss = outline([(-0.25, -0.44), (-0.02, -0.53), (0.22, -0.47), (-0.02, -0.47), (-0.25, -0.44)])
        canvas.drawPath(gloss, shine)
        if style == "bun":
            canvas.drawPath(oval(0.0, -0.68, 0.2, 0.17), paint)
            canvas.drawPath(oval(-0.05, -0.72, 0.09, 0.06), shine)
    canvas.restore()


def _draw_headscarf(canvas: skia.Canvas, colour: RGB) -> None:
    shape = symmetric(
        [(0, -0.6), (0.36, -0.5), (0.49, -0.1), (0.42, 0.42), (0.4, 0.75), (0, 0.86)]
    )
    hole = symmetric([(0, -0.36), (0.26, -0.28), (0.315, 0.0), (0.24, 0.34), (0, 0.49)])
    shape.addPath(hole)
    shape.setFillType(skia.PathFillType.kEvenOdd)
    canvas.drawPath(shape, _paint(colour))
    fold = skia.Paint(
        AntiAlias=True,
        Color=argb(darker(colour, 0.3)),
        Style=skia.Paint.kStroke_Style,
        StrokeWidth=0.03,
    )
    canvas.drawPath(outline([(-0.36, 0.3), (0, 0.6), (0.38, 0.46)], close=False), fold)
    canvas.drawPath(outline([(-0.3, 0.5), (0, 0.74), (0.3, 0.66)], close=False), fold)


def _draw_cap(canvas: skia.Canvas, person: Person, paint: skia.Paint) -> None:
    for side in (-1, 1):
        canvas.drawPath(oval(side * 0.375, -0.06, 0.05, 0.16), paint)
    colour = mix(person.shoes, (60, 80, 130), 0.35)
    dome = outline([(-0.42, -0.16), (-0.36, -0.48), (0, -0.63), (0.36, -0.48), (0.42, -0.16)])
    canvas.drawPath(dome, _paint(colour))
    brim = outline([(-0.42, -0.2), (0, -0.3), (0.42, -0.2)], [(0.42, -0.2), (0.0, -0.08), (-0.42, -0.2)])
    canvas.drawPath(brim, _paint(darker(colour, 0.35)))


def draw_over_shoulders(canvas: skia.Canvas, figure: Figure, person: Person) -> None:
    """Strands in front of the shoulders: they hide a part of the collar."""
    if person.hair_style not in _LONG:
        return
    canvas.save()
    head_frame(canvas, figure)
    for side in (-1, 1):
        wave = 0.06 if person.hair_style == "waves" else 0.0
        strand = outline(
            [(side * 0.42, -0.1), (side * (0.5 + wave), 0.5), (side * (0.42 - wave), 1.0)],
            [(side * (0.42 - wave), 1.0), (side * 0.34, 1.42)],
            [(side * 0.34, 1.42), (side * (0.24 + wave), 0.9), (side * 0.33, 0.4), (side * 0.35, -0.1)],
        )
        canvas.drawPath(strand, _paint(person.hair))
    canvas.restore()
