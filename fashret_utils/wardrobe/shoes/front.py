"""A shoe from the front."""

import skia

from fashret_utils.wardrobe.palette import darker, lighter, mix
from fashret_utils.wardrobe.paths import line, outline, oval, symmetric
from fashret_utils.wardrobe.shoes import ends, sandal
from fashret_utils.wardrobe.shoes.closure import lace_colour
from fashret_utils.wardrobe.shoes.finish import Finish
from fashret_utils.wardrobe.shoes.form import Form

# Front contour of each toe: half width at the ground, at half height, and flatness of its top.
_TOE = {
    "round": (0.17, 0.172, 0.09),
    "oval": (0.16, 0.15, 0.06),
    "almond": (0.155, 0.132, 0.04),
    "pointed": (0.15, 0.11, 0.02),
    "square": (0.172, 0.176, 0.14),
    "chisel": (0.155, 0.146, 0.1),
    "peep": (0.17, 0.165, 0.08),
    "open": (0.165, 0.15, 0.08),
}


def draw(canvas: skia.Canvas, form: Form, finish: Finish, worn: bool = False) -> None:
    """Draw the shoe as it points at the viewer."""
    item, category = form.item, form.item.category
    top, base = -form.height + 0.045, form.bed(0.3)
    ankle, rim = ends.shaft_widths(form)
    ball, mid, flat = _TOE[item.values["toe"]]
    toe_top = base - form.toe_height
    throat = form.throat[1]
    if category == "sandal":
        _sandal(canvas, form, finish, worn)
        return
    rim_y = top if form.shaft else form.collar[1]
    if not form.shaft:  # the back of the collar and the lining, seen over the throat
        hole = symmetric(
            [
                (0.0, rim_y),
                (0.05, rim_y + 0.006),
                (0.084, rim_y + 0.045),
                (0.1, (rim_y + base) / 2),
                (0.13, base - 0.03),
            ],
            [(0.13, base - 0.03), (0.0, base - 0.02)],
        )
        if not worn:
            finish.flat(canvas, hole, darker(finish.lining, 0.1))
            finish.stroke(canvas, hole, darker(finish.main, 0.5), 0.03)
            finish.stroke(canvas, hole, finish.main, 0.022)
        brow = throat if category == "pump" else throat - 0.03
        body = symmetric(
            [(0.0, throat), (0.05, throat), (0.104, brow)],
            [(0.104, brow), (0.13, base - 0.12), (0.165, base - 0.04), (ball, base)],
            [(ball, base), (0.0, base)],
        )
    else:
        if not worn:
            finish.flat(canvas, oval(0, rim_y, rim, 0.035), finish.lining)
        knee = min(rim_y + 0.05, base - 0.36)
        body = symmetric(
            [(0.0, rim_y + 0.028), (0.6 * rim, rim_y + 0.022), (rim, rim_y)],
            [
                (rim, rim_y),
                (rim * 0.6 + ankle * 0.42, (rim_y + knee) / 2),
                (ankle, base - 0.36),
                (0.128, base - 0.2),
                (0.165, base - 0.07),
                (ball, base),
            ],
            [(ball, base), (0.0, base)],
        )
    ends.part(canvas, finish, body)
    canvas.save()
    canvas.clipPath(body, True)
    if form.shaft:
        cuff = line((-0.2, rim_y + 0.015), (0, rim_y + 0.045), (0.2, rim_y + 0.015))
        finish.stroke(canvas, cuff, finish.second, 0.05)
    if finish.pattern == "colour block" and form.shaft:
        finish.flat(
            canvas,
            outline([(-1, rim_y - 1), (1, rim_y - 1)], [(1, base - 0.3), (-1, base - 0.3)]),
            finish.second,
            0.9,
        )
    _closure(canvas, form, finish, rim_y if form.shaft else throat, toe_top)
    canvas.restore()
    if category == "pump" and item.values["closure"] == "strap":
        ends.ankle_ring(canvas, form, finish, buckle=0.08)
    side = [
        (flat, toe_top + 0.006),
        ((flat + 2 * mid) / 3, toe_top + 0.3 * (base - toe_top)),
        (mid, toe_top + 0.6 * (base - toe_top)),
        (ball + 0.004, base),
    ]
    toe = symmetric([(0.0, toe_top), *side], [side[-1], (0.0, base)])
    ends.part(canvas, finish, toe)
    canvas.save()
    canvas.clipPath(toe, True)
    if category == "sneaker":
        rubber = item.values["material"] == "canvas"
        cap = outline(
            [(-0.2, toe_top + 0.09), (0, toe_top + 0.05), (0.2, toe_top + 0.09)],
            [(0.3, 0.1), (-0.3, 0.1)],
        )
        finish.flat(canvas, cap, finish.sole if rubber else darker(finish.main, 0.12))
        finish.seam(canvas, cap)
    elif category == "loafer":
        apron = line(
            (-0.1, toe_top),
            (-0.085, toe_top + 0.05),
            (0, toe_top + 0.07),
            (0.085, toe_top + 0.05),
            (0.1, toe_top),
        )
        finish.stroke(canvas, apron, finish.line, 0.016, 0.75)
    if item.values["toe"] == "peep":
        finish.flat(canvas, oval(0, base - 0.03, 0.07, 0.04), darker(finish.lining, 0.4))
    if item.values["decoration"] == "brogue":
        tone = lighter(finish.main, 0.55) if finish.is_dark else darker(finish.main, 0.6)
        spots = [(0.03 * step, toe_top + 0.05 + 0.015 * abs(step)) for step in range(-4, 5)]
        finish.dots(canvas, spots, 0.0125, tone)
    finish.volume(canvas, toe, 0.6)
    finish.gloss(canvas, oval(-0.05, toe_top + 0.045, 0.065, 0.032))
    canvas.restore()
    finish.stroke(canvas, toe, darker(finish.main, 0.55), finish.hairline, 0.7)
    _decoration(canvas, form, finish, throat, toe_top)
    ends.draw_sole(canvas, form, finish, ball + 0.012, base, 0.0)


def _closure(canvas: skia.Canvas, form: Form, finish: Finish, top: float, toe_top: float) -> None:
    values = form.item.values
    category, closure = values["category"], values["closure"]
    low = toe_top - 0.015
    if closure == "lace":
        high = max(top + 0.03, low - 1.1)
        if category == "loafer":
            high = max(high, low - 0.1)
        tongue = outline(
            [(-0.045, high - 0.06), (0.045, high - 0.06)], [(0.04, low + 0.03), (-0.04, low + 0.03)]
        )
        finish.flat(
            canvas, tongue, finish.second if category == "sneaker" else darker(finish.main, 0.2)
        )
        colour, laces, y = lace_colour(finish), skia.Path(), low
        while y > high:
            laces.addPath(line((-0.055, y), (0, y + 0.012), (0.055, y)))
            y -= 0.048
        laces.addPath(
            line(
                (0, high),
                (-0.09, high - 0.03),
                (-0.1, high + 0.04),
                (0, high),
                (0.1, high + 0.04),
                (0.09, high - 0.03),
                (0, high),
            )
        )
        finish.stroke(canvas, laces, darker(colour, 0.5), 0.028, 0.7)
        finish.stroke(canvas, laces, colour, 0.02)
    elif closure == "strap" and category in ("sneaker", "loafer"):
        for y in (low - 0.02, low - 0.1) if category == "sneaker" else (low - 0.03,):
            tone = finish.second if category == "sneaker" else finish.main
            band = line((-0.2, y + 0.03), (0, y), (0.2, y + 0.03))
            finish.stroke(canvas, band, darker(tone, 0.5), 0.074)
            finish.stroke(canvas, band, tone, 0.06)
            if category == "loafer":
                finish.buckle(canvas, 0.07, y + 0.01, 0.03, 0.034)
    elif closure == "strap" and form.shaft:
        for y in (top + 0.13, top + 0.23)[: 1 if form.shaft < 0.5 else 2]:
            band = line((-0.2, y), (0, y + 0.015), (0.2, y))
            finish.stroke(canvas, band, darker(finish.second, 0.35), 0.066)
            finish.stroke(canvas, band, finish.second, 0.052)
    elif closure == "slip-on" and form.shaft:
        tone = mix(finish.second, (30, 30, 34), 0.35)
        for side in (-1, 1):
            finish.flat(canvas, oval(side * 0.115, top + 0.1, 0.028, 0.14), tone)
    elif closure == "zip" and form.shaft:
        finish.zipper(
            canvas, line((0.085, top + 0.06), (0.095, (top + toe_top) / 2), (0.11, toe_top - 0.02))
        )
    elif category == "sneaker":
        tongue = outline(
            [(-0.05, top - 0.02), (0.05, top - 0.02)], [(0.035, low + 0.02), (-0.035, low + 0.02)]
        )
        finish.flat(canvas, tongue, finish.second)
        finish.seam(canvas, tongue)


def _decoration(
    canvas: skia.Canvas, form: Form, finish: Finish, throat: float, toe_top: float
) -> None:
    category = form.item.category
    match form.item.values["decoration"]:
        case "bow":
            finish.bow(canvas, 0, toe_top + (0.03 if category == "pump" else -0.03), 0.12)
        case "buckle" if category == "pump":
            finish.buckle(canvas, 0, toe_top + 0.03, 0.085, 0.05, plate=True)
        case "buckle" if category == "loafer":
            finish.stroke(
                canvas, line((-0.07, toe_top - 0.03), (0.07, toe_top - 0.03)), finish.metal, 0.042
            )
        case "buckle":
            band = line(
                (-0.09, form.bed(0.3) - 0.21),
                (0, form.bed(0.3) - 0.24),
                (0.09, form.bed(0.3) - 0.21),
            )
            finish.stroke(canvas, band, finish.accent, 0.078)
            finish.buckle(canvas, 0.06, form.bed(0.3) - 0.22, 0.055, 0.06)
        case "tassel" if category == "loafer":
            for side in (-1, 1):
                finish.tassel(canvas, 0.03 * side, toe_top - 0.035, 0.15, 0.035 * side)
        case "studs":
            spots = [
                (0.03 * step, throat + 0.04 + 0.01 * abs(step)) for step in (-3, -2, -1, 1, 2, 3)
            ]
            finish.dots(canvas, spots, 0.019, finish.metal, darker(finish.main, 0.5))


def _sandal(canvas: skia.Canvas, form: Form, finish: Finish, worn: bool) -> None:
    base, seat = form.bed(0.3), form.bed(1.0)
    levels = sandal.rings(form)
    if not worn:
        rear = symmetric(
            [(0.0, seat), (0.1, seat)], [(0.1, seat), (0.16, base)], [(0.16, base), (0.0, base)]
        )
        finish.flat(canvas, rear, finish.second)
        if levels:
            strip = line((0, seat), (0, seat - levels[-1]))
            finish.stroke(canvas, strip, darker(finish.main, 0.35), 0.036)
    for front, back in reversed(sandal.bands(form)):
        low, high = form.bed(front), form.bed(back) - 0.07 - 0.2 * back
        inner = high + 0.03 + 0.3 * (back - front)
        band = outline(
            [
                (-0.168, low),
                (-0.15, (low + high) / 2),
                (0, high),
                (0.15, (low + high) / 2),
                (0.168, low),
            ],
            [
                (0.135, low),
                (0.115, (low + inner) / 2),
                (0, inner),
                (-0.115, (low + inner) / 2),
                (-0.135, low),
            ],
        )
        ends.part(canvas, finish, band)
    for height in levels:
        ends.ring(canvas, finish, seat - height)
    if form.item.values["closure"] == "strap":
        finish.buckle(canvas, 0.08, seat - 0.3, 0.022, 0.03)
    y = form.bed(0.2) - 0.1
    match form.item.values["decoration"]:
        case "bow":
            finish.bow(canvas, 0, y, 0.12)
        case "buckle":
            finish.buckle(canvas, 0, y, 0.075, 0.06, plate=True)
        case "tassel":
            finish.tassel(canvas, 0, y - 0.02, 0.15)
        case "studs":
            finish.dots(
                canvas,
                [(0.04 * s, y + 0.01 * abs(s)) for s in (-2, -1, 0, 1, 2)],
                0.019,
                finish.metal,
                darker(finish.main, 0.65),
            )
    ends.draw_sole(canvas, form, finish, 0.172, base, 0.0)
