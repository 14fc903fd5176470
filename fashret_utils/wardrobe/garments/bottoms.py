"""Skirts, trousers, jeans and shorts, drawn flat in the canonical pose."""

import skia

from fashret_utils.wardrobe.cloth import Cloth, wedge
from fashret_utils.wardrobe.garments.cut_lower import CROTCH_Y, HIP_Y, BottomCut
from fashret_utils.wardrobe.garments.prints import block_body, place_print
from fashret_utils.wardrobe.palette import argb, darker, mix
from fashret_utils.wardrobe.paths import line, mirror, outline, polygon, symmetric


def bottom_outline(cut: BottomCut) -> skia.Path:
    """The whole outline."""
    waistline = [(0.0, cut.waist[1] + 0.05), cut.waist]
    runs = [waistline, cut.side, cut.hem] + ([cut.inseam] if cut.inseam else [])
    return symmetric(*runs)


def draw_inside(canvas: skia.Canvas, cloth: Cloth, cut: BottomCut) -> None:
    """The inside of the back waistband that shows above the front one."""
    x, y = cut.waist
    inside = outline([(-x, y), (0, y - 0.06), (x, y)], [(x, y), (0, y + 0.12), (-x, y)])
    colour = darker(mix(cloth.main, cloth.second, 0.12), 0.34)
    canvas.drawPath(inside, skia.Paint(AntiAlias=True, Color=argb(colour)))


def draw_bottom(canvas: skia.Canvas, cloth: Cloth, cut: BottomCut) -> None:
    """Cloth, print, folds, waistband, fly, pockets and hems."""
    shape = bottom_outline(cut)
    cloth.fill(canvas, shape)
    category = cloth.item.category
    block_body(canvas, cloth, cut.waist[1], cut.hem_y)
    if category == "skirt":
        place_print(canvas, cloth, 0.0, 0.5 * (HIP_Y + cut.hem_y), 0.45)
        _skirt_folds(canvas, cloth, cut)
    else:
        place_print(canvas, cloth, 0.42, 3.2 if cut.hem_y < 4 else 3.5, 0.27)
        _leg_folds(canvas, cloth, cut)
        _fly(canvas, cloth, cut)
    if cloth.fabric == "denim" and category != "skirt":
        _wash(canvas, cloth, cut)
    _pockets(canvas, cloth, cut)
    if category == "skirt":
        _skirt_closure(canvas, cloth, cut)
    _hems(canvas, cloth, cut)
    cloth.edge(canvas, shape)
    _waistband(canvas, cloth, cut)


def _side_shade(canvas: skia.Canvas, cloth: Cloth, cut: BottomCut) -> None:
    beyond = [(x + 0.06, y) for x, y in cut.side]
    for depth, strength in ((0.24, 0.09), (0.11, 0.09)):
        inner = [(x - depth, y) for x, y in reversed(cut.side)]
        cloth.shade(canvas, outline(beyond, inner), strength)
    left = [(-x + 0.09, y) for x, y in cut.side]
    cloth.shade(canvas, outline(left, mirror(beyond)), 0.06)


def _skirt_folds(canvas: skia.Canvas, cloth: Cloth, cut: BottomCut) -> None:
    _side_shade(canvas, cloth, cut)
    x, y = cut.waist
    bottom, hem_y = cut.side[-1]
    full = (bottom - x) / (hem_y - y)
    pleated = full > 0.25 and cloth.item.shape["collar"] > 0.2
    count = 9 if pleated else (5 if full > 0.12 else 3)
    shadows, shines = skia.Path(), skia.Path()
    for k in range(count):
        share = -0.86 + 1.72 * (k + 0.5) / count
        top = y + 0.2 + (0.0 if pleated else 0.35 * (k * 7 % 3))
        width = (0.3 if pleated else 0.2) * bottom / count
        if full <= 0.12:
            top, width = hem_y - 0.9 + 0.2 * k, 0.05
        foot = share * bottom
        shadows.addPath(
            polygon([(share * x, top), (foot + width, hem_y + 0.2), (foot, hem_y + 0.2)])
        )
        shines.addPath(
            polygon([(share * x, top), (foot, hem_y + 0.2), (foot - width, hem_y + 0.2)])
        )
    cloth.shade(canvas, shadows, 0.13)
    cloth.light(canvas, shines, 0.3 if cloth.fabric == "satin" else 0.08)
    if full <= 0.12:
        pulls = wedge((-0.6, HIP_Y + 0.3), (-0.1, HIP_Y + 0.45), 0.05)
        pulls.addPath(wedge((0.6, HIP_Y + 0.25), (0.12, HIP_Y + 0.45), 0.05))
        cloth.shade(canvas, pulls, 0.1)
        cloth.sheen(canvas, wedge((-0.3, 2.2), (-0.34, hem_y), 0.12))


def _leg_folds(canvas: skia.Canvas, cloth: Cloth, cut: BottomCut) -> None:
    _side_shade(canvas, cloth, cut)
    hem_y = cut.hem_y
    shadows, shines = skia.Path(), skia.Path()
    for side in (-1, 1):
        shadows.addPath(wedge((0, CROTCH_Y - 0.06), (side * 0.42, CROTCH_Y - 0.22), 0.05))
        shadows.addPath(wedge((0, CROTCH_Y + 0.04), (side * 0.38, CROTCH_Y + 0.2), 0.05))
        if hem_y > 5:
            for y in (4.42, 4.62):
                shadows.addPath(wedge((side * 0.24, y), (side * 0.5, y + 0.1), 0.04))
            for y in (hem_y - 0.3, hem_y - 0.5):
                shadows.addPath(wedge((side * 0.62, y), (side * 0.36, y + 0.12), 0.045))
        shines.addPath(wedge((side * 0.4 - 0.06, 2.6), (side * 0.42 - 0.06, hem_y - 0.3), 0.06))
    inner = [(x + 0.1, y) for x, y in cut.inseam]
    shadow = outline(inner, [(0.0, CROTCH_Y), (0.0, hem_y)])
    cloth.shade(canvas, outline(mirror(inner), [(0.0, hem_y), (0.0, CROTCH_Y)]), 0.14)
    cloth.shade(canvas, shadow, 0.05)
    cloth.shade(canvas, shadows, 0.13)
    cloth.light(canvas, shines, 0.34 if cloth.fabric == "satin" else 0.08)
    if cloth.item.category == "trousers" and cloth.fabric != "knit":
        creases = skia.Path()
        for side in (-1, 1):
            creases.addPath(line((side * 0.36, 2.3), (side * 0.41, 4.4), (side * 0.47, hem_y)))
        cloth.stroke(canvas, creases, 0.9, None, 0.45)


def _wash(canvas: skia.Canvas, cloth: Cloth, cut: BottomCut) -> None:
    """Worn, whiter thighs, and holes in the knees of some jeans."""
    for side in (-1, 1):
        for size, strength in ((0.2, 0.1), (0.12, 0.12)):
            oval = skia.Path()
            low = min(4.6, cut.hem_y - 0.4)
            oval.addOval(skia.Rect.MakeLTRB(side * 0.4 - size, 2.55, side * 0.4 + size, low))
            cloth.light(canvas, oval, strength)
        torn = cloth.item.category == "jeans" and cloth.item.shape["collar"] > 0.45
        if torn and not cloth.back and side < 0:
            cloth.patch(canvas, wedge((-0.62, 4.4), (-0.22, 4.46), 0.13), (238, 236, 230), 0.9)
            frays = skia.Path()
            for y in (4.4, 4.46):
                frays.addPath(line((-0.58, y), (-0.26, y + 0.02)))
            cloth.stroke(canvas, frays, 0.8, cloth.main, 0.9)


def _fly(canvas: skia.Canvas, cloth: Cloth, cut: BottomCut) -> None:
    y = cut.waist[1] + 0.22
    cloth.stroke(canvas, line((0, y), (0, CROTCH_Y + 0.2)), 1.1)
    closure = cloth.item.values["closure"]
    if cloth.back or closure == "none":
        return
    cloth.stitch(canvas, outline([(0.16, y), (0.15, 2.5), (0.0, 2.66)], close=False))
    if closure == "zip":
        cloth.zipper(canvas, 0.0, y - 0.02, 2.5)


def _skirt_closure(canvas: skia.Canvas, cloth: Cloth, cut: BottomCut) -> None:
    closure = cloth.item.values["closure"]
    if cloth.back or closure == "none":
        return
    top = cut.waist[1] + 0.2
    if closure == "zip":
        cloth.zipper(canvas, 0.0, top, top + 1.2)
        return
    bottom = cut.hem[-1][1]
    for x in (-0.09, 0.09):
        cloth.stroke(canvas, line((x, top), (x, bottom)), 0.9, None, 0.55)
    count = max(3, int((bottom - top) / 0.38))
    step = (bottom - top) / count
    cloth.buttons(canvas, 0.0, [top + step * (i + 0.5) for i in range(count)], 0.055)


def _pockets(canvas: skia.Canvas, cloth: Cloth, cut: BottomCut) -> None:
    kind = cloth.item.values["pocket"]
    x, y = cut.waist
    if cloth.back:
        _back(canvas, cloth, cut)
        return
    if kind == "slant":
        mouths = skia.Path()
        for side in (-1, 1):
            start, end = (side * (x - 0.14), y + 0.2), (side * (cut.side[1][0] - 0.01), y + 0.68)
            if cloth.fabric == "denim":
                middle = (side * (x - 0.06), y + 0.5)
                mouths.addPath(line(start, middle, end))
            else:
                mouths.addPath(line(start, end))
        cloth.stroke(canvas, mouths, 2.6, None, 0.8)
        if cloth.fabric == "denim":
            mouths.offset(0, 0.07)
            cloth.stitch(canvas, mouths)
    elif kind == "patch":
        low = cloth.item.category in ("trousers", "jeans") and cut.hem_y > 5
        for side in (-1, 1):
            if low:  # cargo pockets
                at = cut.side[1][0] - 0.16
                _patch(canvas, cloth, side * at, 3.6, 0.2, 0.55)
            else:
                _patch(canvas, cloth, side * 0.42, y + 0.42, 0.19, 0.42)


def _back(canvas: skia.Canvas, cloth: Cloth, cut: BottomCut) -> None:
    """What only the back has: pockets or welts, darts or a yoke, and a skirt's seam."""
    x, y = cut.waist
    if cloth.item.category == "jeans":
        cloth.stitch(canvas, line((-x - 0.06, y + 0.36), (0, y + 0.52), (x + 0.06, y + 0.36)))
    for side in (-1, 1):
        if cloth.item.category == "jeans" or cloth.item.values["pocket"] == "patch":
            _patch(canvas, cloth, side * 0.34, y + 0.52, 0.2, 0.44)
            continue
        cloth.stroke(canvas, line((side * 0.3, y + 0.22), (side * 0.28, y + 0.5)), 1.6, None, 0.9)
        if cloth.item.category != "skirt":
            welt = line((side * 0.16, y + 0.62), (side * 0.46, y + 0.6))
            cloth.stroke(canvas, welt, 3.0, None, 0.9)
    if cloth.item.category == "skirt":
        cloth.stroke(canvas, line((0, y + 0.2), (0, cut.hem[-1][1])), 1.5, None, 0.9)


def _patch(canvas: skia.Canvas, cloth: Cloth, x: float, y: float, half: float, height: float):
    corners = [(x - half, y), (x + half, y), (x + half, y + 0.8 * height)]
    shape = polygon([*corners, (x, y + height), (x - half, y + 0.8 * height)])
    shadow = skia.Path(shape)
    shadow.offset(0.02, 0.05)
    cloth.shade(canvas, shadow, 0.14)
    cloth.fill(canvas, shape, inside=True)
    cloth.stroke(canvas, shape, 1.3, None, 0.9)
    cloth.stitch(canvas, line((x - half, y + 0.1), (x + half, y + 0.1)))


def _hems(canvas: skia.Canvas, cloth: Cloth, cut: BottomCut) -> None:
    inset = [(x, y - 0.1) for x, y in cut.hem]
    if cut.inseam:
        for run in (inset, mirror(inset)):
            cloth.stitch(canvas, outline(run, close=False))
            if cloth.fabric == "denim" and cloth.item.shape["hem curve"] > 0.2:  # turn-ups
                up = outline(run, [(x, y + 0.3) for x, y in reversed(run)])
                cloth.light(canvas, up, 0.3)
                cloth.stroke(canvas, outline(run, close=False), 1.5)
        return
    cloth.stitch(canvas, outline(inset, mirror(inset), close=False))


def _waistband(canvas: skia.Canvas, cloth: Cloth, cut: BottomCut) -> None:
    x, y = cut.waist
    elastic = cloth.item.values["closure"] == "none"
    low = [(x + 0.04, y + 0.2), (0, y + 0.25), (-x - 0.04, y + 0.2)]
    band = outline([(-x, y), (0, y + 0.05), (x, y)], low)
    if elastic and cloth.fabric == "knit":
        cloth.rib(canvas, band, (-x, y + 0.02), (x, y + 0.02), 0.22)
        return
    cloth.fill(canvas, band)
    cloth.shade(canvas, band, 0.06)
    if elastic:
        cloth.rib_lines(canvas, (-x, y + 0.03), (x, y + 0.03), 0.2)
    cloth.stroke(canvas, outline(low, close=False), 1.3, None, 0.9)
    cloth.edge(canvas, band)
    if elastic and not cloth.back:
        for side in (-1, 1):
            cord = line((side * 0.03, y + 0.16), (side * 0.1, y + 0.4), (side * 0.07, y + 0.62))
            cloth.stroke(canvas, cord, 1.5, cloth.second, 0.95)
        return
    if not cloth.back:
        cloth.buttons(canvas, 0.0, [y + 0.14], 0.055)
    loops = skia.Path()
    for share in (-0.62, 0.62) if not cloth.back else (-0.62, 0.0, 0.62):
        loops.addRect(skia.Rect.MakeXYWH(share * x - 0.03, y + 0.01, 0.06, 0.23))
    cloth.stroke(canvas, loops, 1.0, None, 0.8)
