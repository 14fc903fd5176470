"""Sandals: bands around a foot instead of an upper."""

from itertools import pairwise

import skia

from fashret_utils.wardrobe.palette import darker
from fashret_utils.wardrobe.paths import Point, line, outline
from fashret_utils.wardrobe.shoes import ends
from fashret_utils.wardrobe.shoes.finish import WHITE, Finish
from fashret_utils.wardrobe.shoes.form import Form

# The top of the foot over its bed: x -> height.
_INSTEP = (
    (0.04, 0.06),
    (0.12, 0.085),
    (0.25, 0.12),
    (0.36, 0.165),
    (0.46, 0.225),
    (0.57, 0.33),
    (0.62, 0.44),
)


def _crest(form: Form, x: float) -> Point:
    for (x0, h0), (x1, h1) in pairwise(_INSTEP):
        if x <= x1:
            return x, form.bed(x) - h0 - (h1 - h0) * (x - x0) / (x1 - x0)
    return x, form.bed(x) - 0.44


def bands(form: Form) -> list[tuple[float, float]]:
    """Where bands cross the foot: front and back x of each at the bed."""
    values, shift = form.item.values, 0.025 * form.item.shape["detail"]
    width = 0.075 + 0.015 * form.item.shape["width"]
    if values["toe"] == "peep":
        crossing = [(0.1, 0.29 + shift)]
    elif form.item.print_seed % 2:
        crossing = [(0.15 + shift, 0.15 + shift + width), (0.27 + shift, 0.27 + shift + width)]
    else:
        crossing = [(0.16 + shift, 0.17 + shift + 1.3 * width)]
    if values["closure"] == "slip-on":
        crossing.append((0.37 + shift, 0.37 + shift + 2.2 * width))
    if values["shaft"] == "collar":
        crossing.append((0.42 + shift, 0.42 + shift + 0.8 * width))
    return crossing


def rings(form: Form) -> list[float]:
    """Heights over the heel seat of the straps around the ankle."""
    values = form.item.values
    heights = [] if values["closure"] == "slip-on" else [0.3]
    if values["shaft"] == "collar":
        heights += [0.4, 0.5]
    return heights


def draw_side(canvas: skia.Canvas, form: Form, finish: Finish, worn: bool) -> None:
    """Draw bands and straps over sole and heel, which are drawn already."""
    seat, bed = form.bed(1.0), form.bed
    footbed = outline(
        [*form.bed_run],
        [
            form.bed_run[-1],
            (0.97, bed(0.97) - 0.028),
            (0.6, bed(0.6) - 0.03),
            (0.3, bed(0.3) - 0.026),
            (0.06, bed(0.06) - 0.02),
            form.bed_run[0],
        ],
    )
    cup = form.item.values["closure"] == "zip"
    levels = rings(form)
    if not worn:
        finish.flat(canvas, footbed, finish.second)
        finish.stroke(canvas, footbed, darker(finish.second, 0.45), finish.hairline, 0.7)
        far = skia.Path()
        for height in levels:
            far.addPath(
                line(
                    (0.95, seat - height),
                    (0.78, seat - height - 0.055),
                    (0.625, seat - height - 0.035),
                )
            )
        finish.stroke(canvas, far, darker(finish.main, 0.45), 0.035)
        for front, back in bands(form):
            finish.flat(canvas, _strap(form, front, back, 0.022), darker(finish.lining, 0.15))
    if cup:
        heel = outline(
            [(0.97, bed(0.97)), (1.01, seat - 0.1), (0.965, seat - 0.33)],
            [(0.965, seat - 0.33), (0.84, seat - 0.22), (0.74, bed(0.75) - 0.02)],
            [(0.74, bed(0.75)), (0.85, bed(0.86)), (0.97, bed(0.97))],
        )
        ends.part(canvas, finish, heel, 0.32, _glint)
        finish.zipper(canvas, line((0.955, seat - 0.3), (0.985, seat - 0.14), (0.975, seat - 0.03)))
    for front, back in bands(form):
        path = _strap(form, front, back, 0.0)
        ends.part(canvas, finish, path, 0.32, _glint)
    if not levels:
        _decorate(canvas, form, finish)
        return
    if not cup:
        rear = line((0.93, bed(0.93)), (0.965, seat - 0.12), (0.952, seat - levels[-1]))
        finish.strap(canvas, rear, 0.04)
    if len(levels) > 1:
        front = line(
            (0.47, _crest(form, 0.47)[1]), (0.57, _crest(form, 0.58)[1]), (0.625, seat - levels[-1])
        )
        finish.strap(canvas, front, 0.034)
    for height in levels:
        near = line(
            (0.952, seat - height), (0.79, seat - height + 0.035), (0.622, seat - height - 0.025)
        )
        finish.strap(canvas, near, 0.042)
    if form.item.values["closure"] == "strap":
        finish.buckle(canvas, 0.77, seat - levels[0] + 0.03, 0.027, 0.034, -6)
    _decorate(canvas, form, finish)


def _glint(canvas: skia.Canvas, finish: Finish, path: skia.Path) -> None:
    """The light on a band, or how its edge is finished."""
    box = path.getBounds()
    glint = line(
        (box.left() + 0.3 * box.width(), box.bottom() - 0.25 * box.height()),
        (box.left() + 0.62 * box.width(), box.top() + 0.2 * box.height()),
    )
    if finish.material == "patent":
        finish.stroke(canvas, glint, darker(finish.main, 0.7), 0.085, 0.5)
        finish.stroke(canvas, glint, WHITE, 0.045, 0.95)
    elif finish.material == "leather":
        finish.stroke(canvas, glint, WHITE, 0.03, 0.3)
    else:
        finish.edge(canvas, path)


def _strap(form: Form, front: float, back: float, shift: float) -> skia.Path:
    """A band over the foot; `shift` moves it towards the far side."""
    bed, middle = form.bed, (front + back) / 2 + 0.035
    top = _crest(form, middle)[1]
    slope = 0.25 * (back - front)
    x0, x1 = front + 0.026 + shift, back + 0.03 + shift
    y0, y1 = top + slope - shift, top - slope - shift
    first, last = (front + shift, bed(front) + 0.012), (back + shift, bed(back) + 0.012)
    crown = [(x0, y0), ((x0 + x1) / 2 - 0.004, (y0 + y1) / 2 - 0.014), (x1, y1)]
    rise = [first, (front - 0.004 + shift, (2 * y0 + bed(front)) / 3), crown[0]]
    fall = [crown[-1], (back + 0.024 + shift, (2 * y1 + bed(back)) / 3), last]
    return outline(rise, crown, fall)


def _decorate(canvas: skia.Canvas, form: Form, finish: Finish) -> None:
    front, back = bands(form)[-1 if form.item.values["closure"] == "slip-on" else 0]
    middle = (front + back) / 2 + 0.02
    x, y = middle, (form.bed(middle) + _crest(form, middle)[1]) / 2
    match form.item.values["decoration"]:
        case "bow":
            finish.bow(canvas, x + 0.02, y - 0.045, 0.115, -25)
        case "buckle":
            finish.buckle(canvas, x, y, 0.07, 0.06, 12, plate=True)
        case "tassel":
            finish.tassel(canvas, x, y - 0.04, 0.15)
        case "studs":
            spots = []
            for first, last in bands(form):
                for share in (0.15, 0.4, 0.65, 0.9):
                    across = (first + last) / 2 + 0.045 * share
                    spots.append(
                        (across, form.bed(across) * (1 - share) + _crest(form, across)[1] * share)
                    )
            spots += [(x, form.bed(x) - 0.006) for x in (0.46, 0.54, 0.62, 0.7, 0.78, 0.86, 0.94)]
            finish.dots(canvas, spots, 0.021, finish.metal, darker(finish.main, 0.5))
