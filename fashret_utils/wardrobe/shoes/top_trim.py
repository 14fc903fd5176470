"""What closes and what decorates a shoe, seen from above."""

import skia

from fashret_utils.wardrobe.palette import darker, lighter, mix
from fashret_utils.wardrobe.paths import line, outline
from fashret_utils.wardrobe.shoes.closure import lace_colour
from fashret_utils.wardrobe.shoes.finish import Finish
from fashret_utils.wardrobe.shoes.plan import Plan, opening


def closure(canvas: skia.Canvas, plan: Plan, finish: Finish) -> None:
    """Draw what closes the shoe; call with the clip set to the upper."""
    form, values = plan.form, plan.form.item.values
    category, closure = values["category"], values["closure"]
    start = opening(form)[0][1]
    front = {"sneaker": 0.2, "loafer": start - 0.12}.get(category, 0.27)
    if category == "sneaker" or closure == "lace":
        tongue = plan.cut(
            (0.0, front),
            (0.035, front + 0.01),
            (0.05, start),
            (0.04, start + 0.05),
            (0.0, start + 0.06),
        )
        tone = finish.second if category == "sneaker" else darker(finish.main, 0.2)
        finish.flat(canvas, tongue, tone)
        finish.seam(canvas, tongue)
    if closure == "lace":
        rows = max(3, round((start - front) / 0.05))
        colour, laces, holes = lace_colour(finish), skia.Path(), []
        for row in range(rows):
            y = front + 0.02 + (start - front) * row / rows
            holes += [plan.at(-0.066, y), plan.at(0.066, y)]
            laces.addPath(line(plan.at(-0.066, y), plan.at(0, y + 0.012), plan.at(0.066, y)))
        finish.dots(canvas, holes, 0.011, finish.metal, darker(finish.main, 0.5))
        y = front + 0.01 + (start - front)
        laces.addPath(
            line(
                plan.at(0, y),
                plan.at(-0.1, y - 0.045),
                plan.at(-0.11, y + 0.02),
                plan.at(0, y),
                plan.at(0.11, y + 0.02),
                plan.at(0.1, y - 0.045),
                plan.at(0, y),
            )
        )
        finish.stroke(canvas, laces, darker(colour, 0.5), 0.03, 0.7)
        finish.stroke(canvas, laces, colour, 0.021)
    elif closure == "zip":
        if category == "sneaker" or not form.shaft:
            path = line(
                plan.at(0.1, start + 0.03),
                plan.at(0.135, start - 0.08),
                plan.at(0.16, start - 0.14),
            )
        else:
            path = line(plan.at(0.095, 0.72), plan.at(0.13, 0.68), plan.at(0.16, 0.6))
        finish.zipper(canvas, path)
    elif closure == "strap" and category in ("sneaker", "loafer"):
        for y in (0.28, 0.39) if category == "sneaker" else (start - 0.03,):
            tone = finish.second if category == "sneaker" else finish.main
            finish.stroke(canvas, plan.across(0.2, y), darker(tone, 0.5), 0.082)
            finish.stroke(canvas, plan.across(0.2, y), tone, 0.068)
            if category == "loafer":
                finish.buckle(canvas, *plan.at(0.1, y + 0.012), 0.034, 0.04)
    elif closure == "strap" and form.shaft:
        hole = plan.mouth
        finish.stroke(canvas, hole, darker(finish.second, 0.5), 0.03)
        finish.buckle(canvas, *plan.at(0.115, 0.72), 0.026, 0.04)
    elif closure == "slip-on" and category in ("sneaker", "boot", "ankle boot"):
        tone = mix(finish.second, (30, 30, 34), 0.35)
        y = start + 0.03 if category == "sneaker" else 0.72
        for side in (-1, 1):
            gore = outline(
                [
                    plan.at(side * 0.085, y - 0.07),
                    plan.at(side * 0.17, y - 0.05),
                    plan.at(side * 0.17, y + 0.07),
                    plan.at(side * 0.1, y + 0.07),
                ]
            )
            finish.flat(canvas, gore, tone)
            finish.seam(canvas, gore)


def decoration(canvas: skia.Canvas, plan: Plan, finish: Finish) -> None:
    """Draw the decoration; call with the clip set to the upper."""
    form, category = plan.form, plan.form.item.category
    start = opening(form)[0][1]
    match form.item.values["decoration"]:
        case "side stripes":
            bars = skia.Path()
            for side in (-1, 1):
                for step in range(3):
                    y = 0.42 + 0.06 * step
                    bars.moveTo(*plan.at(side * 0.2, y + 0.03))
                    bars.lineTo(*plan.at(side * 0.105, y))
            finish.stroke(canvas, bars, finish.accent, 0.034)
        case "bow":
            finish.bow(canvas, *plan.at(0, 0.15 if category == "pump" else start - 0.04), 0.13)
        case "tassel":
            y = start - 0.05 if category == "loafer" else 0.6
            for side in (-1, 1):
                finish.tassel(canvas, *plan.at(0.03 * side, y), -0.17, 0.04 * side)
        case "buckle" if category == "pump":
            finish.buckle(canvas, *plan.at(0, 0.14), 0.085, 0.06, plate=True)
        case "buckle" if category == "loafer":
            finish.stroke(canvas, plan.across(0.09, start - 0.06), darker(finish.metal, 0.6), 0.06)
            finish.stroke(canvas, plan.across(0.09, start - 0.06), finish.metal, 0.042)
        case "buckle":
            finish.stroke(canvas, plan.across(0.2, 0.46), darker(finish.accent, 0.4), 0.096)
            finish.stroke(canvas, plan.across(0.2, 0.46), finish.accent, 0.078)
            finish.buckle(canvas, *plan.at(0.08, 0.465), 0.055, 0.062)
        case "studs":
            points = [
                plan.at(s * x * 1.32 + s * 0.012, y)
                for x, y in opening(form)[1:-1]
                for s in (-1, 1)
            ]
            finish.dots(canvas, points, 0.021, finish.metal, darker(finish.main, 0.5))
        case "brogue":
            tone = lighter(finish.main, 0.55) if finish.is_dark else darker(finish.main, 0.6)
            wing = [
                plan.at(s * x, 0.13 + 0.9 * x)
                for x in (0.0, 0.035, 0.07, 0.105, 0.14)
                for s in (-1, 1)
            ]
            spots = [
                plan.at(x, y) for x, y in ((0, 0.05), (0.03, 0.075), (-0.03, 0.075), (0, 0.09))
            ]
            finish.stroke(
                canvas, plan.across(0.17, 0.115, 0.15), finish.line, finish.hairline * 1.2
            )
            finish.dots(canvas, [*wing, *spots], 0.0135, tone)
