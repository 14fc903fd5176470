"""What closes a shoe, seen from the side."""

import math
from itertools import pairwise

import skia

from fashret_utils.wardrobe.palette import darker, lighter, luminance, mix
from fashret_utils.wardrobe.paths import Point, line, outline
from fashret_utils.wardrobe.shoes.finish import Finish
from fashret_utils.wardrobe.shoes.form import Form


def along(run: list[Point], count: int, first: float, last: float) -> list[tuple[Point, Point]]:
    """Spread points over a polyline.

    **Returns** `count` pairs of a point and the unit vector pointing left of the walk there; the
    points lie at equal arc lengths between the fractions `first` and `last`.
    """
    lengths = [math.dist(a, b) for a, b in pairwise(run)]
    total, spots = sum(lengths), []
    for index in range(count):
        goal = total * (first + (last - first) * index / max(1, count - 1))
        for (x0, y0), (x1, y1), length in zip(run, run[1:], lengths, strict=False):
            if goal <= length or (x1, y1) == run[-1]:
                t = goal / length
                normal = ((y1 - y0) / length, -(x1 - x0) / length)
                spots.append(((x0 + t * (x1 - x0), y0 + t * (y1 - y0)), normal))
                break
            goal -= length
    return spots


def lace_colour(finish: Finish):
    """White laces; the second colour where white would not show."""
    if finish.item.category == "sneaker" and luminance(finish.main) < 0.75:
        return (248, 248, 246)
    second = finish.second
    return second if abs(luminance(second) - luminance(finish.main)) > 0.2 else finish.line


def _lace_rows(form: Form) -> list[tuple[Point, Point]]:
    run = form.instep
    length = sum(math.dist(a, b) for a, b in pairwise(run))
    share = 0.86 if form.item.category != "loafer" else 0.45
    return along(run, max(3, round(length * share / 0.062)), 0.05, share)


def draw(canvas: skia.Canvas, form: Form, finish: Finish) -> None:
    """Draw what closes the shoe; call with the clip set to the upper."""
    category, closure = form.item.category, form.item.values["closure"]
    bed, (kx, ky), (vx, vy) = form.bed, form.collar, form.throat
    if closure == "lace":
        rows = _lace_rows(form)
        edge = [(x - 0.062 * nx, y - 0.062 * ny) for (x, y), (nx, ny) in rows]
        stay = outline(
            [(x + 0.05 * nx, y + 0.05 * ny) for (x, y), (nx, ny) in rows], [edge[-1], *edge[-2::-1]]
        )
        tone = finish.second if category == "sneaker" else darker(finish.main, 0.12)
        finish.flat(canvas, stay, tone, 0.95 if category == "sneaker" else 0.8)
        finish.seam(canvas, line(*edge))
        holes = [(x - 0.034 * nx, y - 0.034 * ny) for (x, y), (nx, ny) in rows]
        metal = finish.metal if category != "sneaker" else darker(tone, 0.6)
        finish.dots(canvas, holes, 0.011, metal, darker(tone, 0.5))
    elif closure == "zip":
        if category == "sneaker":
            path = line(
                (0.72, form.topline[2][1] + 0.02 if not form.shaft else vy + 0.06),
                (0.66, bed(0.64) - 0.12),
                (0.62, bed(0.62) - 0.02),
            )
        elif form.shaft:
            path = line((0.8, ky + 0.05), (0.79, bed(0.8) - 0.3), (0.74, bed(0.72) - 0.03))
        else:
            path = line((0.9, ky + 0.06), (0.9, bed(0.9) - 0.02))
        finish.zipper(canvas, path)
    elif closure == "slip-on":
        if category == "sneaker":
            gore = outline(
                [
                    (0.5, vy - 0.1),
                    (0.47, bed(0.5) - 0.14),
                    (0.56, bed(0.56) - 0.12),
                    (0.66, vy - 0.1),
                ]
            )
        elif category in ("boot", "ankle boot"):
            low = ky + 0.26 if form.shaft > 0.8 else bed(0.8) - 0.2
            gore = outline([(0.66, ky - 0.1), (0.7, low), (0.82, low), (0.87, ky - 0.1)])
        else:
            return
        tone = mix(finish.second, (30, 30, 34), 0.35)
        finish.flat(canvas, gore, tone)
        box, ribs = gore.getBounds(), skia.Path()
        x = box.left() + 0.012
        while x < box.right():
            ribs.moveTo(x, box.top())
            ribs.lineTo(x, box.bottom())
            x += 0.026
        canvas.save()
        canvas.clipPath(gore, True)
        finish.stroke(canvas, ribs, lighter(tone, 0.35), finish.hairline, 0.8)
        canvas.restore()
        finish.seam(canvas, gore)
    elif category in ("sneaker", "loafer"):
        spots = along(form.instep, 2 if category == "sneaker" else 1, 0.2, 0.66)
        for (x, y), _ in spots:
            reach, low = 0.17, bed(x + 0.2)
            band = outline(
                [
                    (x - 0.1, y - 0.05),
                    (x, y - 0.0),
                    (x + reach, low - 0.05),
                    (x + reach + 0.02, low + 0.05),
                ],
                [
                    (x + reach + 0.12, low + 0.05),
                    (x + reach + 0.08, low - 0.06),
                    (x + 0.1, y - 0.01),
                    (x, y - 0.1),
                ],
            )
            tone = finish.second if category == "sneaker" else finish.main
            finish.flat(canvas, band, tone)
            finish.seam(canvas, band)
            if category == "loafer":
                finish.buckle(canvas, x + 0.1, y + 0.075, 0.032, 0.04, 35)
    elif category in ("boot", "ankle boot"):
        for y in (vy + 0.11,) if form.shaft < 0.5 else (vy + 0.11, vy + 0.21):
            band = line((vx - 0.1, y), (vx + 0.1, y + 0.02), (kx + 0.1, y - 0.01))
            finish.stroke(canvas, band, darker(finish.second, 0.35), 0.066)
            finish.stroke(canvas, band, finish.second, 0.052)
            finish.buckle(canvas, (vx + kx) / 2 - 0.03, y + 0.015, 0.036, 0.04)


def draw_above(canvas: skia.Canvas, form: Form, finish: Finish) -> None:
    """Draw what stands out of the upper: laces, bows, the pump's strap, pull tabs."""
    category, closure = form.item.category, form.item.values["closure"]
    (kx, ky), (vx, vy) = form.collar, form.throat
    if closure == "lace":
        colour, rows = lace_colour(finish), _lace_rows(form)
        laces = skia.Path()
        for (x, y), (nx, ny) in rows:
            laces.moveTo(x - 0.034 * nx, y - 0.034 * ny)
            laces.quadTo(x, y, x + 0.012 * nx - 0.022, y + 0.012 * ny - 0.004)
        finish.stroke(canvas, laces, darker(colour, 0.5), 0.03, 0.7)
        finish.stroke(canvas, laces, colour, 0.021)
        (x, y), _ = rows[0]
        loop = line(
            (x - 0.01, y + 0.01),
            (x - 0.085, y - 0.005),
            (x - 0.1, y + 0.055),
            (x - 0.01, y + 0.02),
            (x + 0.075, y + 0.06),
            (x + 0.1, y + 0.025),
            (x, y + 0.012),
        )
        finish.stroke(canvas, loop, darker(colour, 0.5), 0.026, 0.6)
        finish.stroke(canvas, loop, colour, 0.018)
    elif closure == "strap" and category == "pump":
        y = form.bed(1.0) - 0.36
        band = line((kx - 0.012, ky + 0.05), (kx - 0.03, y))
        finish.strap(canvas, band, 0.034)
        far = line((0.95, y), (0.78, y - 0.05), (0.63, y - 0.015))
        finish.stroke(canvas, far, darker(finish.main, 0.45), 0.03)
        near = line((0.95, y), (0.8, y + 0.035), (0.63, y - 0.01))
        finish.strap(canvas, near, 0.038)
        finish.buckle(canvas, 0.78, y + 0.032, 0.026, 0.032)
    if category in ("boot", "ankle boot") and closure in ("slip-on", "zip"):
        tab = line(
            (kx - 0.015, ky + 0.06),
            (kx - 0.005, ky - 0.045),
            (kx + 0.03, ky - 0.035),
            (kx + 0.028, ky + 0.05),
        )
        finish.stroke(canvas, tab, darker(finish.second, 0.2), 0.022)
    decoration = form.item.values["decoration"]
    if decoration == "bow":
        x, y = {"loafer": (vx - 0.05, vy + 0.02), "pump": (0.16, form.toe_top[1] - 0.01)}[category]
        finish.bow(canvas, x, y, 0.12, -22)
    elif decoration == "tassel" and category == "loafer":
        for lean in (-0.03, 0.05):
            finish.tassel(canvas, vx - 0.04 + lean, vy + 0.035, 0.16, lean)
    elif decoration == "tassel":
        finish.tassel(canvas, kx - 0.13, ky + 0.06, 0.26, 0.015)
