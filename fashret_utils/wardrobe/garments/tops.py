"""Tops, coats and dresses, drawn flat in the canonical pose: lining, body and sleeves."""

import math

import skia

from fashret_utils.wardrobe.cloth import Cloth, wedge
from fashret_utils.wardrobe.garments.cut import ARM_ANGLE, TopCut, along_arm
from fashret_utils.wardrobe.garments.details import closure, collar, pockets
from fashret_utils.wardrobe.garments.prints import block_body, block_limb, place_print
from fashret_utils.wardrobe.palette import argb, darker, mix
from fashret_utils.wardrobe.paths import line, mirror, outline, polygon, symmetric

_RIBBED = ("sweater", "hoodie")


def draw_lining(canvas: skia.Canvas, cloth: Cloth, cut: TopCut) -> None:
    """The inside of the back that shows through the neckline; the neck goes in front of it."""
    if cloth.back:
        return
    x, y = cut.neck[-1]
    inside = darker(mix(cloth.main, cloth.second, 0.12), 0.34)
    name = cloth.item.values["neckline"]
    paint = skia.Paint(AntiAlias=True, Color=argb(inside))
    if name == "hood":
        _draw_hood(canvas, cloth, x, y)
    back = [(x, y), (0.6 * x, y + 0.06), (0, y + 0.08)]
    if name in ("shirt collar", "lapel"):
        back = [(0.86 * x, y - 0.13), (0, y - 0.1)]
    elif name in ("turtleneck", "stand collar"):
        height = 0.34 if name == "turtleneck" else 0.2
        back = [(0.93 * x, y - height), (0, y - height - 0.05)]
    low = cut.neck[0][1] + 0.1
    sides = [[(0.9 * x, low), (x, y)], [(-x, y), (-0.9 * x, low)]]
    shape = outline(sides[0], back, mirror(back), sides[1])
    canvas.drawPath(shape, paint)
    cloth.edge(canvas, shape)


def _draw_hood(canvas: skia.Canvas, cloth: Cloth, x: float, y: float) -> None:
    hood = symmetric([(0, y - 0.42), (x + 0.08, y - 0.32), (x + 0.27, y + 0.05), (0.3, y + 0.5)])
    cloth.fill(canvas, hood)
    cloth.shade(canvas, hood, 0.1)
    cloth.edge(canvas, hood)
    mouth = symmetric([(0, y - 0.3), (x, y - 0.2), (x + 0.1, y + 0.1), (0, y + 0.5)])
    cloth.shade(canvas, mouth, 0.35)


def body_outline(cut: TopCut, back: bool) -> skia.Path:
    """The outline of the body without sleeves."""
    neck = cut.back_neck if back else cut.neck
    return symmetric(neck, [neck[-1], cut.shoulder], cut.armhole, cut.side, cut.hem)


def draw_body(canvas: skia.Canvas, cloth: Cloth, cut: TopCut) -> None:
    """The body: cloth, prints, folds, hem, pockets, closure and collar."""
    shape = body_outline(cut, cloth.back)
    cloth.fill(canvas, shape)
    category = cloth.item.category
    block_body(canvas, cloth, 0.2, cut.hem_y)
    closed = cloth.item.values["closure"] == "none"
    place_print(canvas, cloth, 0.0 if closed else -0.02, cut.neck[0][1] * 0.3 + 0.95, 0.44)
    _folds(canvas, cloth, cut)
    _hem(canvas, cloth, cut)
    if category == "dress":
        _waistline(canvas, cloth, cut)
    if category in ("shirt", "jacket"):
        _yoke(canvas, cloth, cut)
    cloth.edge(canvas, shape)
    pockets(canvas, cloth, cut)
    closure(canvas, cloth, cut)
    if category == "coat" and cloth.item.shape["hem curve"] > 0.1:
        _belt(canvas, cloth, cut)
    collar(canvas, cloth, cut)


def _folds(canvas: skia.Canvas, cloth: Cloth, cut: TopCut) -> None:
    """Volume (a dark right side) and folds from armpit, waist and hem."""
    armpit, (waist_x, waist_y), (hem_x, hem_y) = cut.side[0], cut.waist, cut.side[-1]
    beyond = [(x + 0.06, y + 0.06) for x, y in cut.side]
    for depth, strength in ((0.26, 0.1), (0.12, 0.09)):
        inner = [*((x - depth, y + 0.06) for x, y in reversed(cut.side[1:])), beyond[0]]
        cloth.shade(canvas, outline(beyond, inner), strength)
    left = [(-x + 0.1, y + 0.06) for x, y in cut.side]
    cloth.shade(canvas, outline(left, mirror(beyond)), 0.06)
    lean = 0.12 * cloth.item.shape["flare"]
    shadows, shines = skia.Path(), skia.Path()
    for side in (-1, 1):
        x, y = side * (armpit[0] - 0.03), armpit[1]
        shadows.addPath(wedge((x, y - 0.1), (side * 0.22, y + 0.28 + lean), 0.075, side * 0.05))
        shadows.addPath(wedge((x, y + 0.04), (side * 0.34, y + 0.62), 0.06, side * 0.04))
        if hem_y > waist_y + 0.2:
            x = side * waist_x
            shadows.addPath(wedge((x, waist_y), (side * 0.2, waist_y + 0.2), 0.05, -side * 0.03))
            shadows.addPath(wedge((x, waist_y + 0.16), (side * 0.26, waist_y + 0.5), 0.05))
        shines.addPath(wedge((side * 0.38, 0.35), (side * 0.3 - 0.08, 1.1), 0.07, 0.05))
        shines.addPath(wedge((side * 0.3, waist_y + 0.1), (side * 0.36, hem_y), 0.06, 0.03))
    long_skirt = hem_y > 3.3
    if long_skirt:
        top = waist_y + 0.15
        folds = (-0.62, -0.3, 0.04, 0.36, 0.68) if hem_x > 0.9 else (-0.45, 0.1, 0.5)
        for k, share in enumerate(folds):
            bottom = (share * hem_x, hem_y + 0.1)
            start = (share * waist_x * 0.8, top + 0.25 * (k % 2))
            width = 0.07 + 0.05 * (hem_x - 0.6)
            shadows.addPath(_pleat(start, bottom, width))
            shines.addPath(
                _pleat((start[0] - 0.1, start[1] + 0.3), (bottom[0] - 0.2, hem_y), width)
            )
    cloth.shade(canvas, shadows, 0.13)
    if cloth.fabric == "satin":
        cloth.sheen(canvas, shines)
    else:
        cloth.light(canvas, shines, 0.09)


def _pleat(start, end, width) -> skia.Path:
    """A fold that widens towards the hem."""
    (x0, y0), (x1, y1) = start, end
    return polygon([(x0, y0), (x1 + width, y1), (x1 - width, y1)])


def _hem(canvas: skia.Canvas, cloth: Cloth, cut: TopCut) -> None:
    hem = [*cut.hem, *mirror(cut.hem)[1:]]
    if cloth.item.category in _RIBBED or _bomber(cloth):
        x, y = cut.side[-1]
        band = polygon(
            [(-x - 0.1, y - 0.2), (x + 0.1, y - 0.2), (x + 0.1, y + 0.3), (-x - 0.1, y + 0.3)]
        )
        cloth.patch(canvas, band, cloth.trim)
        cloth.rib_lines(canvas, (-x, y - 0.2), (x, y - 0.2), 0.22)
        return
    inset = outline([(x, y - 0.09) for x, y in hem], close=False)
    cloth.stitch(canvas, inset)
    under = [(x, y + 0.03) for x, y in reversed(hem)]
    cloth.shade(canvas, outline([(x, y - 0.09) for x, y in hem], under), 0.05)


def _bomber(cloth: Cloth) -> bool:
    values = cloth.item.values
    return cloth.item.category == "jacket" and values["neckline"] in ("stand collar", "hood")


def _waistline(canvas: skia.Canvas, cloth: Cloth, cut: TopCut) -> None:
    if cloth.item.values["fit"] == "loose" and cloth.item.shape["collar"] > 0.3:
        return
    x, y = cut.waist
    seam = [(-x - 0.1, y), (0, y + 0.05), (x + 0.1, y)]
    if cloth.item.shape["collar"] < -0.3:  # a sash
        sash = outline(seam, [(px, py + 0.16) for px, py in reversed(seam)])
        cloth.patch(canvas, sash, mix(cloth.main, cloth.second, 0.8))
        cloth.stroke(canvas, sash)
        return
    cloth.stroke(canvas, outline(seam, close=False), 1.2)


def _yoke(canvas: skia.Canvas, cloth: Cloth, cut: TopCut) -> None:
    y = 0.52 if cloth.back else 0.42
    x = cut.shoulder[0]
    cloth.stitch(canvas, line((-x, y - 0.06), (0, y + (0.1 if cloth.back else 0.0)), (x, y - 0.06)))
    if cloth.item.category == "jacket":
        for side in (-1, 1):
            seam = line((side * 0.36, y), (side * 0.33, 1.4), (side * 0.28, cut.hem_y))
            cloth.stitch(canvas, seam)


def _belt(canvas: skia.Canvas, cloth: Cloth, cut: TopCut) -> None:
    x, y = cut.waist
    belt = polygon([(-x - 0.2, y), (x + 0.2, y), (x + 0.2, y + 0.2), (-x - 0.2, y + 0.2)])
    cloth.fill(canvas, belt, inside=True)
    cloth.shade(canvas, belt, 0.1)
    cloth.stroke(canvas, belt, 1.4)
    if not cloth.back:
        buckle = polygon([(-0.12, y - 0.03), (0.12, y - 0.03), (0.12, y + 0.23), (-0.12, y + 0.23)])
        cloth.stroke(canvas, buckle, 2.2, cloth.second, 1.0)


def draw_sleeve(canvas: skia.Canvas, cloth: Cloth, cut: TopCut, right: bool) -> None:
    """The sleeve at the right (x > 0) or, mirrored, at the left; `light_sleeve` completes it."""
    if not right:
        canvas.scale(-1, 1)
    length, cuff = cut.sleeve_length, cut.cuff
    shoulder, armpit = cut.shoulder, cut.side[0]
    ease = cut.sleeve_ease
    outer = [
        (shoulder[0] - 0.14, shoulder[1] - 0.045),
        along_arm(0.16, 0.2 + 0.75 * ease),
        along_arm(0.55 * length + 0.05, 0.19 + 0.3 * cuff + 0.55 * ease),
        along_arm(length, cuff),
    ]
    inner = [
        along_arm(length, -cuff),
        along_arm(0.55 * length + 0.2, -0.14 - 0.3 * cuff - 0.3 * ease),
        (armpit[0] - 0.04, armpit[1] + 0.05),
    ]
    cap = [inner[-1], (armpit[0] - 0.26, 0.62), outer[0]]
    shape = outline(outer, [outer[-1], along_arm(length + 0.03, 0.0), inner[0]], inner, cap)
    angle = -math.degrees(ARM_ANGLE)
    cloth.fill(canvas, shape, angle, block_limb(cloth, right))
    _sleeve_folds(canvas, cloth, cut)
    # the cap has no outline: over a body in another pose it would draw a stray line
    cloth.edge(canvas, outline(outer[1:], [outer[-1], inner[0]], inner[:2], close=False))
    _cuff(canvas, cloth, cut)
    if not right:
        canvas.scale(-1, 1)


def light_sleeve(canvas: skia.Canvas, cloth: Cloth, cut: TopCut, right: bool) -> None:
    """The shade of a sleeve; the light comes from the left."""
    length = cut.sleeve_length
    if right:
        steps = (-0.2, 0.5 * length, length + 0.1)
        rim = [along_arm(s, 0.1 + 0.3 * cut.sleeve_ease) for s in steps]
        cloth.shade(canvas, outline(rim, [along_arm(length, 0.6), along_arm(-0.2, 0.6)]), 0.09)
    start = min(0.5, 0.6 * length)
    under = [along_arm(start, -0.3), along_arm(0.5 * (start + length), -0.03)]
    inside = outline([*under, along_arm(length + 0.1, -0.02)], [along_arm(length + 0.1, -0.6)])
    if not right:
        inside.transform(skia.Matrix.Scale(-1, 1))
    cloth.shade(canvas, inside, 0.1 if right else 0.15)


def _sleeve_folds(canvas: skia.Canvas, cloth: Cloth, cut: TopCut) -> None:
    length = cut.sleeve_length
    folds = wedge(along_arm(0.1, 0.3), along_arm(0.5, -0.05), 0.05, 0.03)
    folds.addPath(wedge(along_arm(0.7, -0.25), along_arm(0.35, 0.1), 0.06))
    if length > 1.6:
        for k, s in enumerate((1.2, 1.38, 1.56)):
            folds.addPath(wedge(along_arm(s, -0.26), along_arm(s - 0.12 + 0.1 * k, 0.06), 0.04))
        folds.addPath(wedge(along_arm(1.42, 0.28), along_arm(1.3, 0.0), 0.035))
        folds.addPath(wedge(along_arm(length - 0.35, 0.2), along_arm(length - 0.2, -0.1), 0.04))
    cloth.shade(canvas, folds, 0.13)
    shine = wedge(along_arm(0.2, 0.16), along_arm(0.9 * length, 0.08), 0.04)
    cloth.light(canvas, shine, 0.34 if cloth.fabric == "satin" else 0.1)


def _cuff(canvas: skia.Canvas, cloth: Cloth, cut: TopCut) -> None:
    length, cuff = cut.sleeve_length, cut.cuff
    category = cloth.item.category
    start, end = along_arm(length - 0.22, -cuff - 0.1), along_arm(length - 0.22, cuff + 0.1)
    far = [along_arm(length + 0.3, cuff + 0.1), along_arm(length + 0.3, -cuff - 0.1)]
    band = polygon([start, end, *far])
    if category in _RIBBED or _bomber(cloth):
        cloth.patch(canvas, band, cloth.trim)
        cloth.rib_lines(canvas, end, start, 0.25)
    elif category in ("shirt", "blouse", "jacket") and length > 1.6:
        cloth.light(canvas, band, 0.08)
        cloth.stroke(canvas, line(start, end), 1.3)
        if category != "blouse":
            x, y = along_arm(length - 0.1, 0.06)
            cloth.buttons(canvas, x, [y], 0.035)
    else:
        near = line(along_arm(length - 0.09, -cuff - 0.1), along_arm(length - 0.09, cuff + 0.1))
        cloth.stitch(canvas, near)
        plain = cloth.pattern in ("plain", "graphic print") and category == "t-shirt"
        if plain and cloth.item.shape["collar"] > 0:  # ringer tee
            cloth.stroke(canvas, near, 0.24 / cloth.hairline, cloth.trim, 1.0)
