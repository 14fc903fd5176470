"""Scenes in the open: street, park, foliage, brick wall, beach."""

import skia

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.scenes.paint import (
    BLACK,
    WHITE,
    blob,
    grid,
    hsv,
    line,
    polygon,
    ramp,
    rectangle,
    shade,
    solid,
)


def _sky(canvas: skia.Canvas, draws: Draws, bottom: float) -> None:
    mood = draws.unit()
    if mood < 0.55:  # clear
        top, low = hsv(0.56 + draws.signed(0.03), draws.between(0.35, 0.7), 0.9), hsv(0.55, 0.12, 1)
    elif mood < 0.85:  # overcast
        grey = draws.between(0.7, 0.93)
        top, low = hsv(0.6, 0.06, grey), hsv(0.6, 0.03, min(1, grey + 0.1))
    else:  # evening
        top, low = hsv(0.62, 0.5, 0.55), hsv(0.06, 0.5, 0.98)
    ramp(canvas, -1, -1, 2, bottom, top, low)


def _house(canvas: skia.Canvas, draws: Draws, left, right, top, ground) -> None:
    hue = draws.pick((0.04, 0.07, 0.09, 0.12, 0.55, 0.6, 0.97))
    wall = hsv(hue, draws.between(0.05, 0.5), draws.between(0.4, 0.92))
    rectangle(canvas, left, top, right, ground, wall)
    rectangle(canvas, left, top, right, top + 0.015, shade(wall, 0.75))
    columns, rows = draws.count(2, 4), max(1, int((ground - top) / draws.between(0.1, 0.16)))
    storey = (ground - top) / (rows + 0.6)
    facade = (left + 0.01, top + 0.02, right - 0.01, ground - storey, columns, rows)
    fill_x, fill_y = draws.between(0.4, 0.7), draws.between(0.5, 0.75)
    canvas.drawPath(grid(*facade, fill_x * 1.2, fill_y * 1.12), solid(shade(wall, 1.25)))
    canvas.drawPath(grid(*facade, fill_x, fill_y), solid(hsv(0.58, 0.3, draws.between(0.2, 0.4))))
    lit = hsv(draws.pick((0.12, 0.55)), 0.25, draws.between(0.6, 0.95))
    some = grid(*facade, fill_x, fill_y, keep=lambda: draws.chance(0.3))
    canvas.drawPath(some, solid(lit))
    # The ground floor: a shop window under an awning or a sign.
    front = ground - storey * 0.75
    rectangle(canvas, left + 0.015, front, right - 0.015, ground, hsv(0.1, 0.2, draws.unit() * 0.5))
    glow = hsv(draws.between(0.05, 0.16), 0.4, draws.between(0.4, 0.95))
    canvas.drawPath(
        grid(left + 0.02, front + 0.02, right - 0.02, ground, columns, 1, 0.7, 0.8), solid(glow)
    )
    sign = hsv(draws.unit(), draws.between(0.3, 0.9), draws.between(0.3, 0.9))
    if draws.chance(0.5):
        polygon(
            canvas,
            (
                (left, front),
                (right, front),
                (right + 0.02, front + 0.05),
                (left - 0.02, front + 0.05),
            ),
            sign,
        )
    else:
        rectangle(canvas, left, front - 0.035, right, front, sign)


def _car(canvas: skia.Canvas, draws: Draws, x, ground, length) -> None:
    paint = hsv(draws.unit(), draws.pick((0.05, 0.1, 0.7, 0.85)), draws.between(0.15, 0.95))
    height = 0.2 * length
    roof = skia.Path()
    roof.moveTo(x + 0.14 * length, ground - height)
    roof.cubicTo(
        x + 0.25 * length, ground - 2.1 * height, x + 0.3 * length, ground - 2.1 * height,
        x + 0.5 * length, ground - 2.1 * height,
    )  # fmt: skip
    roof.cubicTo(
        x + 0.7 * length, ground - 2.1 * height, x + 0.75 * length, ground - 1.8 * height,
        x + 0.86 * length, ground - height,
    )  # fmt: skip
    canvas.drawPath(roof, solid(shade(paint, 0.9)))
    glass = hsv(0.57, 0.25, draws.between(0.25, 0.6))
    polygon(
        canvas,
        (
            (x + 0.22 * length, ground - 1.15 * height),
            (x + 0.31 * length, ground - 1.85 * height),
            (x + 0.68 * length, ground - 1.85 * height),
            (x + 0.79 * length, ground - 1.15 * height),
        ),
        glass,
    )
    body = skia.Rect(x, ground - 1.2 * height, x + length, ground - 0.25 * height)
    canvas.drawRoundRect(body, 0.4 * height, 0.4 * height, solid(paint))
    wheels, hubs = skia.Path(), skia.Path()
    for along in (0.2, 0.8):
        wheels.addCircle(x + along * length, ground - 0.25 * height, 0.42 * height)
        hubs.addCircle(x + along * length, ground - 0.25 * height, 0.2 * height)
    canvas.drawPath(wheels, solid(0xFF18181A))
    canvas.drawPath(hubs, solid(0xFFB0B0B4))
    rectangle(
        canvas, x, ground - 0.95 * height, x + 0.05 * length, ground - 0.75 * height, 0xFFF6EFC8
    )


def _passer_by(canvas: skia.Canvas, draws: Draws, x, ground, height) -> None:
    coat = hsv(draws.unit(), draws.between(0, 0.7), draws.between(0.1, 0.8))
    legs = hsv(0.62, draws.between(0, 0.5), draws.between(0.08, 0.45))
    width, stride = 0.24 * height, draws.between(0.03, 0.14) * height
    hip = ground - 0.47 * height
    for step in (-stride, stride):
        polygon(
            canvas,
            ((x - 0.07 * height, hip), (x + 0.07 * height, hip),
             (x + step + 0.05 * height, ground), (x + step - 0.04 * height, ground)),
            legs,
        )  # fmt: skip
    torso = skia.Rect(x - width / 2, ground - 0.84 * height, x + width / 2, hip + 0.06 * height)
    canvas.drawRoundRect(torso, 0.07 * height, 0.1 * height, solid(coat))
    skin = hsv(0.07, draws.between(0.3, 0.5), draws.between(0.4, 0.95))
    canvas.drawCircle(x, ground - 0.92 * height, 0.075 * height, solid(skin))
    canvas.drawCircle(
        x, ground - 0.95 * height, 0.07 * height, solid(hsv(0.08, 0.5, 0.5 * draws.unit()))
    )


def street(canvas: skia.Canvas, draws: Draws) -> None:
    """Houses with shop fronts, cars, lamps, trees and passers-by."""
    ground = draws.between(0.5, 0.72)
    _sky(canvas, draws, ground)
    left = -0.1 - 0.2 * draws.unit()
    while left < 1.1:
        right = left + draws.between(0.22, 0.42)
        _house(canvas, draws, left, right, ground - draws.between(0.3, 0.75), ground)
        left = right
    paving = hsv(draws.pick((0.08, 0.6)), draws.between(0, 0.15), draws.between(0.45, 0.8))
    road = draws.between(0.08, 0.2)
    ramp(canvas, -1, ground, 2, 2, paving, shade(paving, 0.6))
    slabs = skia.Path()
    for along in range(-6, 17):
        slabs.moveTo(0.5 + (along - 5) * 0.08, ground)
        slabs.lineTo(0.5 + (along - 5) * 0.4, 1.3)
    for down in (0.03, 0.08, 0.16, 0.28, 0.45):
        slabs.moveTo(-0.5, ground + down)
        slabs.lineTo(1.5, ground + down)
    if draws.chance(0.5):
        canvas.drawPath(slabs, line(shade(paving, 0.8), 0.004))
    else:
        rectangle(canvas, -1, ground + 0.05, 2, ground + 0.05 + road, hsv(0.6, 0.05, 0.32))
        rectangle(canvas, -1, ground + 0.045, 2, ground + 0.06, shade(paving, 1.2))
    for _ in range(draws.count(0, 2)):
        _car(canvas, draws, draws.between(-0.2, 0.8), ground + draws.between(0.04, 0.1),
             draws.between(0.3, 0.55))  # fmt: skip
    for _ in range(draws.count(0, 3)):
        _passer_by(canvas, draws, draws.unit(), ground + draws.between(0.01, 0.08),
                   draws.between(0.2, 0.4))  # fmt: skip
    if draws.chance(0.5):
        x = draws.unit()
        rectangle(canvas, x, ground - 0.6, x + 0.012, ground + 0.06, 0xFF30343A)
        canvas.drawCircle(x + 0.006, ground - 0.6, 0.03, solid(hsv(0.13, 0.3, 1)))
    if draws.chance(0.5):
        x, reach = draws.unit(), draws.between(0.12, 0.2)
        rectangle(canvas, x - 0.015, ground - 0.35, x + 0.015, ground + 0.05, hsv(0.07, 0.4, 0.3))
        leaves = hsv(draws.between(0.2, 0.36), 0.6, draws.between(0.3, 0.6))
        blob(canvas, draws, x, ground - 0.4, reach, leaves, 7)


def park(canvas: skia.Canvas, draws: Draws) -> None:
    """Lawn, a path, bushes and trees; sometimes a bench."""
    ground = draws.between(0.4, 0.6)
    _sky(canvas, draws, ground)
    season = draws.pick((0.22, 0.27, 0.3, 0.33, 0.1, 0.06))
    for _ in range(5):
        leaves = hsv(season + draws.signed(0.04), draws.between(0.3, 0.6), draws.between(0.3, 0.6))
        blob(
            canvas, draws, draws.between(0, 1), ground - 0.06, draws.between(0.08, 0.16), leaves, 5
        )
    grass = hsv(0.25 + draws.signed(0.05), draws.between(0.4, 0.65), draws.between(0.45, 0.75))
    ramp(canvas, -1, ground, 2, 1.4, grass, shade(grass, 0.6))
    if draws.chance(0.6):
        x, end = draws.unit(), draws.unit()
        way = hsv(0.1, 0.2, draws.between(0.6, 0.85))
        polygon(canvas, ((x, ground), (x + 0.05, ground), (end + 0.4, 1.3), (end - 0.3, 1.3)), way)
    blades = skia.Path()
    for _ in range(30):
        x, y = draws.unit(), draws.between(ground, 1)
        blades.moveTo(x, y)
        blades.lineTo(x + draws.signed(0.02), y - 0.02 - 0.04 * (y - ground))
    canvas.drawPath(blades, line(shade(grass, 1.25), 0.006))
    for _ in range(draws.count(1, 3)):
        x, base = draws.unit(), ground + draws.between(0, 0.15)
        rectangle(
            canvas, x - 0.025, base - 0.5, x + 0.025, base, hsv(0.07, 0.45, draws.between(0.2, 0.4))
        )
        leaves = hsv(season + draws.signed(0.03), 0.65, draws.between(0.3, 0.65))
        blob(canvas, draws, x, base - 0.52, draws.between(0.14, 0.24), leaves, 8)
    if draws.chance(0.4):
        x, y, wood = draws.between(0, 0.7), ground + 0.1, hsv(0.07, 0.6, draws.between(0.3, 0.6))
        for up in (0, 0.05, 0.1):
            rectangle(canvas, x, y - up, x + 0.3, y - up + 0.03, wood)
        for leg in (0.03, 0.25):
            rectangle(canvas, x + leg, y, x + leg + 0.02, y + 0.1, 0xFF26282A)


def foliage(canvas: skia.Canvas, draws: Draws) -> None:
    """A hedge close by: leaves in four tones, blossoms, discs of light."""
    hue = draws.pick((0.22, 0.28, 0.33, 0.38, 0.09, 0.02))
    ramp(canvas, -1, -1, 2, 2, hsv(hue, 0.5, draws.between(0.2, 0.5)), hsv(hue, 0.7, 0.15))
    reach = draws.between(0.03, 0.1)
    for tone in range(4):
        leaves = skia.Path()
        for _ in range(26):
            x, y = draws.between(-0.1, 1.1), draws.between(-0.1, 1.1)
            tilt, length = draws.signed(), reach * draws.between(0.7, 1.4)
            leaves.moveTo(x, y)
            leaves.quadTo(
                x + length * (0.6 + tilt), y - 0.2 * length, x + 2 * length * tilt, y + 2 * length
            )
            leaves.quadTo(x - length * (0.6 - tilt), y + 0.9 * length, x, y)
        value = 0.22 + 0.17 * tone
        canvas.drawPath(
            leaves, solid(hsv(hue + draws.signed(0.04), draws.between(0.35, 0.75), value))
        )
    if draws.chance(0.6):
        spots = skia.Path()
        for _ in range(draws.count(5, 22)):
            spots.addCircle(draws.unit(), draws.unit(), draws.between(0.01, 0.04))
        canvas.drawPath(spots, solid(hsv(draws.unit(), draws.between(0.05, 0.6), 0.95, 0.8)))


def brick(canvas: skia.Canvas, draws: Draws) -> None:
    """A wall of bricks or tiles, with paint on it or a window in it."""
    hue, saturation = draws.pick(((0.03, 0.6), (0.05, 0.45), (0.08, 0.2), (0.6, 0.1), (0.1, 0.05)))
    value = draws.between(0.4, 0.9)
    mortar = hsv(0.1, 0.1, draws.between(0.5, 0.9))
    rectangle(canvas, -1, -1, 2, 2, mortar)
    rows = draws.count(7, 15)
    height, width = 1.3 / rows, 1.3 / rows * draws.between(1.8, 2.6)
    tones = [skia.Path(), skia.Path(), skia.Path()]
    for row in range(rows):
        x, y = -0.15 - (row % 2) * width / 2, -0.1 + row * height
        while x < 1.15:
            tones[int(3 * draws.unit())].addRect(
                skia.Rect(x, y, x + 0.93 * width, y + 0.86 * height)
            )
            x += width
    for path, tone in zip(tones, (0.85, 1.0, 1.15), strict=True):
        canvas.drawPath(path, solid(hsv(hue, saturation, value * tone)))
    if draws.chance(0.5):
        for _ in range(draws.count(2, 4)):  # graffiti
            stroke = skia.Path()
            stroke.moveTo(draws.unit(), draws.unit())
            for _ in range(3):
                stroke.quadTo(draws.unit(), draws.unit(), draws.unit(), draws.unit())
            paint = line(hsv(draws.unit(), 0.8, draws.between(0.3, 1)), draws.between(0.015, 0.05))
            canvas.drawPath(stroke, paint)
    elif draws.chance(0.5):
        x, y = draws.between(-0.1, 0.7), draws.between(0, 0.3)
        rectangle(canvas, x - 0.03, y - 0.03, x + 0.38, y + 0.53, hsv(0.1, 0.1, draws.unit()))
        pane = hsv(0.57, 0.3, draws.between(0.3, 0.8))
        canvas.drawPath(grid(x, y, x + 0.35, y + 0.5, 2, 3, 0.88, 0.9), solid(pane))
    floor = draws.between(0.8, 1.1)
    rectangle(canvas, -1, floor, 2, 2, hsv(0.09, 0.08, draws.between(0.3, 0.6)))


def beach(canvas: skia.Canvas, draws: Draws) -> None:
    """Sky, sea with foam, sand, umbrellas and towels."""
    horizon, shore = draws.between(0.3, 0.45), draws.between(0.55, 0.7)
    _sky(canvas, draws, horizon)
    sea = hsv(0.5 + draws.unit() * 0.1, draws.between(0.4, 0.8), draws.between(0.5, 0.85))
    ramp(canvas, -1, horizon, 2, shore, shade(sea, 0.75), shade(sea, 1.2))
    sand = hsv(0.1, draws.between(0.2, 0.4), draws.between(0.75, 0.95))
    ramp(canvas, -1, shore, 2, 1.5, sand, shade(sand, 0.75))
    foam = skia.Path()
    for step in (0.0, 0.05, 0.13):
        foam.moveTo(-0.2, shore - step)
        for along in range(6):
            x = -0.2 + along * 0.28
            foam.quadTo(x + 0.14, shore - step + draws.signed(0.04), x + 0.28, shore - step)
    canvas.drawPath(foam, line(WHITE, 0.012))
    for _ in range(draws.count(1, 4)):
        x, y, reach = draws.unit(), shore + draws.between(0, 0.2), draws.between(0.08, 0.18)
        rectangle(canvas, x - 0.006, y - 2 * reach, x + 0.006, y, shade(BLACK | 0x606060, 1))
        first = hsv(draws.unit(), 0.8, 0.9)
        for part in range(4):
            canvas.drawArc(
                skia.Rect(x - reach, y - 2.6 * reach, x + reach, y - 1.2 * reach),
                180 + 45 * part, 45, True, solid(first if part % 2 else WHITE),
            )  # fmt: skip
    for _ in range(draws.count(0, 3)):
        x, y = draws.unit(), draws.between(shore + 0.05, 1)
        towel = ((x, y), (x + 0.25, y), (x + 0.32, y + 0.08), (x + 0.03, y + 0.08))
        polygon(canvas, towel, hsv(draws.unit(), 0.6, 0.9))


PLACES = {"street": street, "park": park, "foliage": foliage, "brick": brick, "beach": beach}
