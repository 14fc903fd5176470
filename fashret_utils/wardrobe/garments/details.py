"""Collars, closures and pockets of tops."""

import skia

from fashret_utils.wardrobe.cloth import Cloth
from fashret_utils.wardrobe.garments.cut import TopCut
from fashret_utils.wardrobe.palette import darker, lighter, mix
from fashret_utils.wardrobe.paths import line, mirror, outline, oval, polygon


def collar(canvas: skia.Canvas, cloth: Cloth, cut: TopCut) -> None:
    """Finish the neckline: bands, collars, lapels, the front of a hood."""
    name = cloth.item.values["neckline"]
    if cloth.back:
        _back_collar(canvas, cloth, cut, name)
    elif name in ("crew", "scoop", "boat", "square", "v-neck"):
        _band(canvas, cloth, cut, ribbed=name != "square")
    elif name == "turtleneck":
        _tube(canvas, cloth, cut, height=0.34, ribbed=True)
    elif name == "stand collar":
        _tube(canvas, cloth, cut, height=0.2, ribbed=False)
    elif name == "hood":
        _hood_front(canvas, cloth, cut)
    else:
        _leaves(canvas, cloth, cut, name)


def _band(canvas, cloth, cut, ribbed):
    run = [*mirror(cut.neck), *cut.neck[1:]]
    band = outline(mirror(cut.neck), cut.neck, close=False)
    colour = cloth.trim if ribbed else cloth.main
    wide = 0.15 if cloth.item.category in ("sweater", "t-shirt") else 0.1
    cloth.stroke(canvas, band, 2 * wide / cloth.hairline, colour, 1.0)
    inner = outline(
        [(x * (1 + wide / 0.5), y + wide * (1.0 - 0.75 * abs(x) / 0.6)) for x, y in run],
        close=False,
    )
    cloth.stroke(canvas, inner, 1.0, None, 0.7)


def _tube(canvas, cloth, cut, height, ribbed):
    x, y = cut.neck[-1]
    front = cut.neck[0][1]
    tube = outline(
        [(-x - 0.03, y + 0.06), (-x * 0.93, y - height)],
        [(-x * 0.93, y - height), (0, y - height + 0.06), (x * 0.93, y - height)],
        [(x * 0.93, y - height), (x + 0.03, y + 0.06)],
        [(x + 0.03, y + 0.06), (0, front + 0.06), (-x - 0.03, y + 0.06)],
    )
    if ribbed:
        cloth.rib(canvas, tube, (-x, y - height), (x, y - height), height + front - y + 0.1)
        fold = line((-x, y - 0.45 * height), (0, y - 0.3 * height), (x, y - 0.45 * height))
        cloth.stroke(canvas, fold, 1.6, darker(cloth.trim, 0.5), 0.5)
    else:
        cloth.fill(canvas, tube)
        cloth.edge(canvas, tube)
        if cloth.item.values["closure"] != "none":
            cloth.stroke(canvas, line((0, y - height), (0, front + 0.1)), 1.2)
        else:  # a small slit
            cut_out = outline([(0, y - height), (0.04, front), (0, front + 0.3)], close=False)
            cloth.stroke(canvas, cut_out, 1.4)
    cloth.shade(canvas, outline([(x, y - height), (0.5 * x, y), (0.55 * x, front + 0.1), (x, y)]))


def _leaves(canvas, cloth, cut, name):
    """The two leaves of a shirt collar, or the lapels of a coat, folded over the front."""
    x, top = cut.neck[-1]
    depth = cut.neck[0][1]
    size = 1 + 0.15 * cloth.item.shape["collar"]
    for side in (-1, 1):
        if name == "lapel":
            notch = top + 0.42 * (depth - top)
            leaf = [
                (x * 0.86, top - 0.12),
                (x + 0.12 * size, top + 0.04),
                (x + 0.24 * size, notch),
                (x + 0.08, notch + 0.02),
                (x + 0.25 * size, notch + 0.14),
                (0.02, depth + 0.06),
                (0.02, depth - 0.04),
            ]
        else:
            leaf = [
                (x * 0.82, top - 0.13),
                (x + 0.12, top + 0.02),
                (x * 0.95 + 0.1 * size, top + 0.46 * size),
                (0.02, depth + 0.02),
            ]
        path = polygon([(side * a, b) for a, b in leaf])
        shadow = skia.Path(path)
        shadow.offset(0.02, 0.06)
        cloth.shade(canvas, shadow, 0.16)
        cloth.fill(canvas, path, side * (24.0 if name == "lapel" else 12.0))
        if side > 0:
            cloth.shade(canvas, path, 0.07)
        cloth.edge(canvas, path)
        if name == "lapel":
            crease = line((side * x * 0.86, top - 0.1), (side * 0.02, depth))
            cloth.stroke(canvas, crease, 0.8, None, 0.4)


def _hood_front(canvas, cloth, cut):
    x, top = cut.neck[-1]
    depth = cut.neck[0][1]
    for side in (-1, 1):
        roll = outline(
            [
                (side * 0.01, depth + 0.12),
                (side * (x + 0.2), top + 0.26),
                (side * (x + 0.26), top - 0.1),
            ],
            [(side * (x + 0.26), top - 0.1), (side * (x - 0.06), top - 0.2)],
            [(side * (x - 0.06), top - 0.2), (side * (x - 0.1), top + 0.18), (side * 0.01, depth)],
        )
        cloth.fill(canvas, roll)
        cloth.shade(canvas, roll, 0.05 if side < 0 else 0.12)
        cloth.edge(canvas, roll)
        cord = line(
            (side * 0.1, depth - 0.02), (side * 0.13, depth + 0.32), (side * 0.1, depth + 0.6)
        )
        cloth.stroke(canvas, cord, 1.9, lighter(cloth.second, 0.2), 1.0)
        cloth.patch(canvas, oval(side * 0.1, depth + 0.62, 0.03, 0.06), darker(cloth.second, 0.3))


def _back_collar(canvas, cloth, cut, name):
    x, y = cut.back_neck[-1]
    if name in ("crew", "scoop", "boat", "square", "v-neck"):
        band = outline(mirror(cut.back_neck), cut.back_neck, close=False)
        cloth.stroke(canvas, band, 0.2 / cloth.hairline, cloth.trim, 1.0)
        return
    if name == "hood":
        hood = outline(
            [(-x - 0.2, y + 0.06), (-x - 0.16, y + 0.5), (0, y + 0.95)],
            [(0, y + 0.95), (x + 0.16, y + 0.5), (x + 0.2, y + 0.06)],
            [(x + 0.2, y + 0.06), (0, y - 0.28), (-x - 0.2, y + 0.06)],
        )
        cloth.fill(canvas, hood)
        cloth.shade(canvas, outline([(0, y - 0.2), (0.3, y + 0.4), (0, y + 0.95)], close=True), 0.1)
        cloth.edge(canvas, hood)
        cloth.stroke(canvas, line((0, y - 0.25), (0, y + 0.93)))
        return
    height = 0.3 if name == "turtleneck" else 0.16
    tube = outline(
        [
            (-x - 0.03, y + 0.08),
            (-x * 0.9, y - height),
            (x * 0.9, y - height),
            (x + 0.03, y + 0.08),
        ],
        [(x + 0.03, y + 0.08), (0, y + 0.16), (-x - 0.03, y + 0.08)],
    )
    cloth.fill(canvas, tube)
    cloth.shade(canvas, tube, 0.06)
    cloth.edge(canvas, tube)


def closure(canvas: skia.Canvas, cloth: Cloth, cut: TopCut) -> None:
    """Buttons on a placket, or a zip, down the front."""
    kind = cloth.item.values["closure"]
    if kind == "none" or cloth.back:
        return
    top, bottom = cut.neck[0][1], cut.hem_y
    category = cloth.item.category
    if kind == "zip":
        if category in ("dress",):
            bottom = top + 1.1
        cloth.zipper(canvas, 0.0, top + 0.02, bottom)
        return
    if category in ("dress", "blouse"):
        bottom = min(bottom, top + (1.5 if category == "blouse" else 2.2))
    double = category == "coat" and cloth.item.shape["collar"] > 0.2
    half = 0.09
    strip = skia.Path()
    strip.addRect(skia.Rect.MakeLTRB(-half, top, half, bottom + 0.2))
    cloth.light(canvas, strip, 0.07)
    for x in (-half, half):
        cloth.stroke(canvas, line((x, top), (x, bottom)), 0.9, None, 0.55)
    gap = 0.5 if category in ("coat", "jacket") else 0.36
    count = max(2, int((bottom - top - 0.2) / gap))
    count = min(count, 5) if category in ("coat", "jacket") else count
    step = gap if category in ("coat", "jacket") else (bottom - top - 0.2) / count
    ys = [top + 0.14 + step * i for i in range(count)]
    size = 0.075 if category in ("coat", "jacket") else 0.05
    for x in (-0.24, 0.24) if double else (0.0,):
        cloth.buttons(canvas, x, ys, size)


def pockets(canvas: skia.Canvas, cloth: Cloth, cut: TopCut) -> None:
    """Pockets on the front of a top, coat or dress."""
    kind = cloth.item.values["pocket"]
    if kind == "none" or cloth.back:
        return
    low = 2.05 if cut.hem_y < 3.2 else 2.3
    low = min(low, cut.hem_y - 0.55)
    reach = min(x for x, _ in cut.side)
    if kind == "chest":
        _pouch(canvas, cloth, 0.34, 0.86, 0.17, 0.36)
        if cloth.item.category == "jacket":
            _pouch(canvas, cloth, -0.34, 0.86, 0.17, 0.36)
    elif kind == "patch":
        for x in (-0.55 * reach, 0.55 * reach):
            _pouch(canvas, cloth, x, low, 0.2, 0.42)
    elif kind == "slant":
        for side in (-1, 1):
            slit = [(side * 0.72 * reach, low - 0.1), (side * 0.5 * reach, low + 0.3)]
            cloth.stroke(canvas, line(*slit), 4.0, mix(cloth.line, cloth.main, 0.5), 0.9)
            cloth.stroke(canvas, line(*slit), 1.2, None, 1.0)
    elif kind == "kangaroo":
        bottom = cut.hem_y - 0.18
        pouch = [
            (-0.3, bottom - 0.62),
            (0.3, bottom - 0.62),
            (0.52, bottom - 0.2),
            (0.52, bottom),
            (-0.52, bottom),
            (-0.52, bottom - 0.2),
        ]
        shape = polygon(pouch)
        cloth.shade(canvas, shape, 0.05)
        cloth.stroke(canvas, shape, 1.5, None, 0.9)
        for side in (-1, 1):
            mouth = line((side * 0.3, bottom - 0.62), (side * 0.52, bottom - 0.2))
            cloth.stroke(canvas, mouth, 2.4, None, 0.9)


def _pouch(canvas, cloth, x, y, half, height):
    """A patch pocket whose lower edge comes to a blunt point."""
    shape = polygon(
        [
            (x - half, y),
            (x + half, y),
            (x + half, y + 0.82 * height),
            (x, y + height),
            (x - half, y + 0.82 * height),
        ]
    )
    shadow = skia.Path(shape)
    shadow.offset(0.02, 0.05)
    cloth.shade(canvas, shadow, 0.15)
    cloth.fill(canvas, shape, inside=True)
    cloth.stroke(canvas, shape, 1.3, None, 0.9)
    cloth.stitch(canvas, line((x - half, y + 0.09), (x + half, y + 0.09)))
