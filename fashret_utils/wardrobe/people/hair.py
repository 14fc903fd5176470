"""Hair and headwear: what lies behind the figure, on the head, and over the shoulders.

All shapes are in head units: (0, 0) is the middle of the head, its crown at y = -0.5.
"""

from functools import lru_cache

import skia

from fashret_utils.wardrobe.palette import RGB, argb, darker, lighter, mix
from fashret_utils.wardrobe.paths import Run, line, outline, oval, symmetric
from fashret_utils.wardrobe.people.body import Figure
from fashret_utils.wardrobe.people.figure import Person, head_frame

_LONG = ("long", "waves")
_CROWN: Run = [(0.0, -0.575), (0.3, -0.5), (0.43, -0.22)]
_BEHIND: dict[str, Run] = {
    "long": [*_CROWN, (0.5, 0.5), (0.48, 1.25), (0, 1.36)],
    "waves": [*_CROWN, (0.6, 0.5), (0.58, 1.15), (0, 1.3)],
    "bob": [*_CROWN, (0.5, 0.2), (0.45, 0.52), (0, 0.56)],
    "headscarf": [(0, -0.6), (0.36, -0.5), (0.5, -0.1), (0.46, 0.5), (0.52, 0.8), (0, 1.0)],
}
_CURLS = (
    (0, -0.42, 0.34),
    (-0.3, -0.34, 0.3),
    (0.3, -0.34, 0.3),
    (-0.44, -0.08, 0.26),
    (0.44, -0.08, 0.26),
    (-0.45, 0.2, 0.22),
    (0.45, 0.2, 0.22),
)


def _paint(colour: RGB) -> skia.Paint:
    return skia.Paint(AntiAlias=True, Color=argb(colour))


def _scarf_colour(person: Person) -> RGB:
    return mix(person.shoes, (150, 90, 110), 0.4)


@lru_cache(maxsize=16)
def _behind(style: str) -> skia.Path:
    """Hair that falls behind neck and shoulders."""
    if style == "tail":
        return outline([(0, -0.4), (0.55, -0.2), (0.62, 0.5), (0.46, 0.95)])
    if style in _BEHIND:
        return symmetric(_BEHIND[style])
    lumps = skia.Path()
    for x, y, radius in _CURLS if style == "curls" else ():
        lumps.addCircle(x, y, radius)
    return lumps


@lru_cache(maxsize=16)
def _on_head(style: str) -> skia.Path:
    """Hair between the hairline and the crown."""
    low = {"short": -0.02, "crop": -0.08, "bob": 0.34, "curls": 0.02}.get(style, 0.16)
    wide = 0.45 if style in ("bob", *_LONG) else 0.4
    top = [(-wide, low), (-0.43, -0.22), (-0.3, -0.5), (0, -0.585), (0.3, -0.5), (0.43, -0.22)]
    right = [(0.43, -0.22), (wide, low)]
    hairline = [(0.35, low), (0.32, -0.18), (0.22, -0.37), (-0.2, -0.24), (-0.34, low)]
    if style in ("bun", "tail", "crop"):
        hairline = [(0.35, low), (0.31, -0.24), (0, -0.35), (-0.31, -0.24), (-0.35, low)]
    hair = outline(top, right, [right[-1], hairline[0]], hairline)
    if style == "bun":
        hair.addPath(oval(0.0, -0.68, 0.2, 0.17))
    return hair


@lru_cache(maxsize=1)
def _gloss() -> skia.Path:
    return outline([(-0.25, -0.44), (-0.02, -0.53), (0.22, -0.47), (-0.02, -0.47), (-0.25, -0.44)])


@lru_cache(maxsize=4)
def _strands(style: str) -> skia.Path:
    """Hair that falls in front of the shoulders."""
    wave = 0.06 if style == "waves" else 0.0
    strands = skia.Path()
    for side in (-1, 1):
        runs = (
            [(0.42, -0.1), (0.5 + wave, 0.5), (0.42 - wave, 1.0)],
            [(0.42 - wave, 1.0), (0.34, 1.42)],
            [(0.34, 1.42), (0.24 + wave, 0.9), (0.33, 0.4), (0.35, -0.1)],
        )
        strands.addPath(outline(*([(side * x, y) for x, y in run] for run in runs)))
    return strands


def draw_behind(canvas: skia.Canvas, figure: Figure, person: Person) -> None:
    """Hair that falls behind neck and shoulders."""
    colour = _scarf_colour(person) if person.hair_style == "headscarf" else person.hair
    canvas.save()
    head_frame(canvas, figure)
    if person.brow < 0:
        canvas.scale(-1, 1)
    canvas.drawPath(_behind(person.hair_style), _paint(darker(colour, 0.25)))
    canvas.restore()


def draw_on_head(canvas: skia.Canvas, figure: Figure, person: Person) -> None:
    """Hair on the skull, or a cap or headscarf."""
    canvas.save()
    head_frame(canvas, figure)
    if person.brow < 0:
        canvas.scale(-1, 1)
    if person.hair_style == "headscarf":
        _draw_headscarf(canvas, _scarf_colour(person))
    elif person.hair_style == "cap":
        _draw_cap(canvas, person)
    else:
        canvas.drawPath(_on_head(person.hair_style), _paint(person.hair))
        canvas.drawPath(_gloss(), _paint(lighter(person.hair, 0.14)))
    canvas.restore()


def draw_over_shoulders(canvas: skia.Canvas, figure: Figure, person: Person) -> None:
    """Strands in front of the shoulders: they hide a part of the collar."""
    if person.hair_style not in _LONG:
        return
    canvas.save()
    head_frame(canvas, figure)
    canvas.drawPath(_strands(person.hair_style), _paint(person.hair))
    canvas.restore()


@lru_cache(maxsize=1)
def _headscarf() -> tuple[skia.Path, skia.Path]:
    """The cloth with its opening for the face, and its folds."""
    cloth = symmetric([(0, -0.6), (0.36, -0.5), (0.49, -0.1), (0.42, 0.42), (0.4, 0.75), (0, 0.86)])
    cloth.addPath(symmetric([(0, -0.36), (0.26, -0.28), (0.315, 0.0), (0.24, 0.34), (0, 0.49)]))
    cloth.setFillType(skia.PathFillType.kEvenOdd)
    folds = line((-0.36, 0.3), (0, 0.6), (0.38, 0.46))
    folds.addPath(line((-0.3, 0.5), (0, 0.74), (0.3, 0.66)))
    return cloth, folds


def _draw_headscarf(canvas: skia.Canvas, colour: RGB) -> None:
    cloth, folds = _headscarf()
    canvas.drawPath(cloth, _paint(colour))
    crease = skia.Paint(
        AntiAlias=True,
        Color=argb(darker(colour, 0.3)),
        Style=skia.Paint.kStroke_Style,
        StrokeWidth=0.03,
    )
    canvas.drawPath(folds, crease)


@lru_cache(maxsize=1)
def _cap() -> tuple[skia.Path, skia.Path, skia.Path]:
    """Hair at the temples, dome and brim."""
    temples = oval(-0.375, -0.06, 0.05, 0.16)
    temples.addPath(oval(0.375, -0.06, 0.05, 0.16))
    dome = outline([(-0.42, -0.16), (-0.36, -0.48), (0, -0.63), (0.36, -0.48), (0.42, -0.16)])
    brim = outline(
        [(-0.42, -0.2), (0, -0.3), (0.42, -0.2)], [(0.42, -0.2), (0.0, -0.08), (-0.42, -0.2)]
    )
    return temples, dome, brim


def _draw_cap(canvas: skia.Canvas, person: Person) -> None:
    colour = mix(person.shoes, (60, 80, 130), 0.35)
    paints = person.hair, colour, darker(colour, 0.35)
    for path, tone in zip(_cap(), paints, strict=True):
        canvas.drawPath(path, _paint(tone))
