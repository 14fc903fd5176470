"""Scenes under a roof: a room, shop shelves, a clothes rail, a tiled station."""

import skia

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.scenes.paint import (
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


def _wall(canvas: skia.Canvas, draws: Draws, floor: float) -> int:
    wall = hsv(draws.unit(), draws.pick((0.04, 0.1, 0.2, 0.4)), draws.between(0.45, 0.97))
    ramp(canvas, -1, -1, 2, floor, wall, shade(wall, 0.85))
    if draws.chance(0.3):  # wallpaper
        columns = draws.count(6, 16)
        canvas.drawPath(
            grid(-0.5, -0.5, 1.5, floor, columns, 1, 0.5, 1),
            solid(shade(wall, draws.pick((0.9, 1.1)))),
        )
    return wall


def _floor(canvas: skia.Canvas, draws: Draws, top: float) -> None:
    if draws.chance(0.6):
        base = hsv(0.07 + draws.signed(0.02), draws.between(0.3, 0.6), draws.between(0.35, 0.85))
    else:
        base = hsv(draws.unit(), draws.between(0, 0.2), draws.between(0.3, 0.85))
    ramp(canvas, -1, top, 2, 1.5, shade(base, 1.1), shade(base, 0.7))
    planks, spread = skia.Path(), draws.between(0.05, 0.12)
    for along in range(-10, 11):
        planks.moveTo(0.5 + along * spread, top)
        planks.lineTo(0.5 + along * spread * 4, top + 0.7)
    canvas.drawPath(planks, line(shade(base, 0.75), 0.004))


def _window(canvas: skia.Canvas, draws: Draws) -> None:
    x, y = draws.between(0, 0.65), draws.between(0.02, 0.15)
    wide, high = draws.between(0.22, 0.4), draws.between(0.3, 0.45)
    rectangle(canvas, x - 0.02, y - 0.02, x + wide + 0.02, y + high + 0.02, hsv(0.1, 0.05, 0.97))
    ramp(
        canvas, x, y, x + wide, y + high, hsv(0.56, draws.between(0.1, 0.5), 1), hsv(0.3, 0.2, 0.9)
    )
    blob(canvas, draws, x + wide / 2, y + high * 0.95, wide * 0.2, hsv(0.3, 0.45, 0.6), 4)
    rectangle(canvas, x + wide / 2 - 0.008, y, x + wide / 2 + 0.008, y + high, hsv(0.1, 0.05, 0.95))
    rectangle(canvas, x, y + high / 2 - 0.006, x + wide, y + high / 2 + 0.006, hsv(0.1, 0.05, 0.95))
    cloth = hsv(draws.unit(), draws.between(0.05, 0.6), draws.between(0.4, 0.95))
    for side in (x - 0.08, x + wide - 0.02):
        rectangle(canvas, side, y - 0.05, side + 0.1, y + high + 0.2, cloth)
        canvas.drawPath(
            grid(side, y - 0.05, side + 0.1, y + high + 0.2, 3, 1, 0.3, 1),
            solid(shade(cloth, 0.85)),
        )


def _picture(canvas: skia.Canvas, draws: Draws) -> None:
    x, y = draws.between(0, 0.9), draws.between(0.05, 0.35)
    wide, high = draws.between(0.1, 0.25), draws.between(0.1, 0.25)
    rectangle(canvas, x, y, x + wide, y + high, hsv(0.08, draws.between(0, 0.6), draws.unit()))
    rectangle(
        canvas, x + 0.012, y + 0.012, x + wide - 0.012, y + high - 0.012, hsv(0.1, 0.04, 0.95)
    )
    inner = (x + 0.03, y + 0.03, x + wide - 0.03, y + high - 0.03)
    ramp(canvas, *inner, hsv(draws.unit(), 0.5, 0.85), hsv(draws.unit(), 0.6, 0.6))
    canvas.drawCircle(x + wide * draws.between(0.4, 0.6), y + high / 2, wide * 0.15,
                      solid(hsv(draws.unit(), 0.7, 0.9)))  # fmt: skip


def _sofa(canvas: skia.Canvas, draws: Draws, floor: float) -> None:
    x, wide = draws.between(-0.2, 0.5), draws.between(0.5, 0.75)
    cloth = hsv(draws.unit(), draws.between(0.1, 0.7), draws.between(0.3, 0.85))
    top, seat, low = floor - 0.17, floor - 0.02, floor + 0.12
    for left, right, up, down, tone in (
        (x, x + wide, top, low, 0.85),
        (x + 0.05, x + wide / 2, seat, low, 1.08),
        (x + wide / 2, x + wide - 0.05, seat, low, 1.08),
        (x - 0.04, x + 0.06, seat - 0.06, low + 0.01, 1),
        (x + wide - 0.06, x + wide + 0.04, seat - 0.06, low + 0.01, 1),
    ):
        rect = skia.Rect(left, up, right, down)
        canvas.drawRoundRect(rect, 0.03, 0.03, solid(shade(cloth, tone)))
    for _ in range(draws.count(0, 2)):
        across = x + wide * draws.between(0.1, 0.8)
        canvas.save()
        canvas.rotate(draws.signed(25), across, seat)
        cushion = skia.Rect(across, seat - 0.1, across + 0.12, seat + 0.01)
        canvas.drawRoundRect(cushion, 0.02, 0.02, solid(hsv(draws.unit(), 0.6, 0.85)))
        canvas.restore()


def _cabinet(canvas: skia.Canvas, draws: Draws, floor: float) -> None:
    x, wide, high = draws.between(-0.1, 0.7), draws.between(0.3, 0.5), draws.between(0.2, 0.55)
    wood = hsv(0.07, draws.between(0.05, 0.6), draws.between(0.3, 0.95))
    top, low = floor + 0.06 - high, floor + 0.06
    rectangle(canvas, x, top, x + wide, low, wood)
    columns, rows = draws.count(1, 3), draws.count(1, 4)
    canvas.drawPath(
        grid(x, top, x + wide, low, columns, rows, 0.9, 0.85),
        solid(shade(wood, draws.pick((0.75, 1.12)))),
    )
    if draws.chance(0.7):  # books and boxes in it
        for row in range(rows):
            shelf, across = top + (row + 0.9) * high / rows, x + 0.02
            while across < x + wide - 0.05:
                width, tall = draws.between(0.012, 0.04), high / rows * draws.between(0.4, 0.75)
                colour = hsv(draws.unit(), 0.55, draws.between(0.3, 0.9))
                rectangle(canvas, across, shelf - tall, across + width, shelf, colour)
                across += width + (0.04 if draws.chance(0.15) else 0.002)


def _plant(canvas: skia.Canvas, draws: Draws, floor: float) -> None:
    x, y, reach = draws.unit(), floor + 0.12, draws.between(0.12, 0.25)
    leaves = skia.Path()
    for _ in range(9):
        lean, high = draws.signed(reach), reach * draws.between(0.9, 1.7)
        leaves.moveTo(x, y - 0.1)
        leaves.quadTo(x + 0.2 * lean - 0.02, y - 0.1 - high, x + lean, y - 0.1 - high)
        leaves.quadTo(x + 0.6 * lean + 0.03, y - 0.1 - 0.5 * high, x, y - 0.1)
    canvas.drawPath(leaves, solid(hsv(draws.between(0.25, 0.4), 0.6, draws.between(0.3, 0.6))))
    pot = hsv(draws.pick((0.04, 0.1, 0.55)), draws.between(0.1, 0.7), draws.between(0.4, 0.95))
    polygon(
        canvas, ((x - 0.06, y - 0.11), (x + 0.06, y - 0.11), (x + 0.045, y), (x - 0.045, y)), pot
    )


def room(canvas: skia.Canvas, draws: Draws) -> None:
    """A living room: wall, floor, window, pictures, furniture, a plant."""
    floor = draws.between(0.6, 0.75)
    wall = _wall(canvas, draws, floor)
    _floor(canvas, draws, floor)
    rectangle(canvas, -1, floor - 0.025, 2, floor, shade(wall, 1.15))
    if draws.chance(0.6):
        _window(canvas, draws)
    for _ in range(draws.count(0, 3)):
        _picture(canvas, draws)
    if draws.chance(0.6):
        _cabinet(canvas, draws, floor)
    if draws.chance(0.6):
        _sofa(canvas, draws, floor)
    if draws.chance(0.6):
        _plant(canvas, draws, floor)
    if draws.chance(0.5):
        x, y = draws.between(0.1, 0.9), floor + draws.between(0.15, 0.25)
        rug = hsv(draws.unit(), draws.between(0.2, 0.7), draws.between(0.4, 0.9))
        canvas.drawOval(skia.Rect(x - 0.35, y - 0.06, x + 0.35, y + 0.06), solid(rug))
        canvas.drawOval(skia.Rect(x - 0.27, y - 0.04, x + 0.27, y + 0.04), solid(shade(rug, 1.25)))
    if draws.chance(0.4):
        x = draws.unit()
        rectangle(canvas, x - 0.006, floor - 0.4, x + 0.006, floor + 0.08, 0xFF3A3632)
        lamp = (
            (x - 0.05, floor - 0.5),
            (x + 0.05, floor - 0.5),
            (x + 0.09, floor - 0.38),
            (x - 0.09, floor - 0.38),
        )
        polygon(canvas, lamp, hsv(0.12, draws.between(0.05, 0.4), 1))


def shelves(canvas: skia.Canvas, draws: Draws) -> None:
    """Shop shelves with boxes and folded things."""
    wall = _wall(canvas, draws, 2)
    board = hsv(0.08, draws.between(0, 0.6), draws.between(0.3, 0.98))
    rows = draws.count(3, 5)
    height, theme = 1.3 / rows, draws.unit()
    rectangle(canvas, -1, -1, 2, 2, shade(wall, 0.6 if draws.chance(0.5) else 0.9))
    for row in range(rows):
        y, x = -0.1 + (row + 1) * height, -0.15
        folded = draws.chance(0.5)
        while x < 1.1:
            wide = draws.between(0.12, 0.22)
            hue = theme + draws.signed(0.15) if draws.chance(0.6) else draws.unit()
            if folded:
                layers = draws.count(2, 5)
                for layer in range(layers):
                    colour = hsv(
                        hue + draws.signed(0.1), draws.between(0.05, 0.7), draws.between(0.25, 0.95)
                    )
                    bottom = y - layer * 0.16 * height
                    pile = skia.Rect(x, bottom - 0.15 * height, x + wide * 0.9, bottom)
                    canvas.drawRoundRect(pile, 0.01, 0.015, solid(colour))
            else:
                tall = height * draws.between(0.3, 0.85)
                colour = hsv(hue, draws.between(0.05, 0.6), draws.between(0.3, 0.95))
                rectangle(canvas, x, y - tall, x + wide * 0.95, y, colour)
                rectangle(canvas, x, y - tall, x + wide * 0.95, y - tall * 0.8, shade(colour, 0.8))
                label = (x + wide * 0.3, y - tall * 0.6, x + wide * 0.65, y - tall * 0.25)
                rectangle(canvas, *label, hsv(0.1, 0.05, 0.95))
            x += wide
            if draws.chance(0.15):
                x += 0.1
        rectangle(canvas, -1, y, 2, y + 0.03, board)
        rectangle(canvas, -1, y + 0.03, 2, y + 0.045, shade(board, 0.6))


def rail(canvas: skia.Canvas, draws: Draws) -> None:
    """A clothes rail in a shop: garments side by side under lamps."""
    floor = draws.between(0.78, 0.95)
    wall = _wall(canvas, draws, floor)
    _floor(canvas, draws, floor)
    for _ in range(draws.count(0, 2)):
        _picture(canvas, draws)
    y = draws.between(0.12, 0.3)
    x, theme = -0.15, draws.unit()
    while x < 1.1:
        wide, long = draws.between(0.07, 0.13), draws.between(0.32, 0.55)
        hue = theme + draws.signed(0.12) if draws.chance(0.5) else draws.unit()
        cloth = hsv(hue, draws.between(0.02, 0.75), draws.between(0.15, 0.97))
        low = y + 0.05 + long
        shape = ((x + 0.35 * wide, y + 0.03), (x + 0.65 * wide, y + 0.03), (x + wide, y + 0.1),
                 (x + 1.05 * wide, low), (x - 0.05 * wide, low), (x, y + 0.1))  # fmt: skip
        polygon(canvas, shape, cloth)
        fold = (
            (x + 0.6 * wide, y + 0.05),
            (x + wide, y + 0.1),
            (x + 1.05 * wide, low),
            (x + 0.7 * wide, low),
        )
        polygon(canvas, fold, shade(cloth, 0.78))
        x += wide * draws.between(0.6, 1.0)
    rectangle(canvas, -1, y, 2, y + 0.018, hsv(0.1, 0.1, draws.pick((0.15, 0.6, 0.9))))
    if draws.chance(0.6):
        spots = skia.Path()
        for along in range(5):
            spots.addCircle(0.05 + along * 0.25, 0.03, 0.025)
        canvas.drawPath(spots, solid(hsv(0.13, 0.15, 1)))
    rectangle(canvas, -1, floor - 0.02, 2, floor, shade(wall, 0.8))


def station(canvas: skia.Canvas, draws: Draws) -> None:
    """A tiled underground hall: tiles, posters, a bench, a bright band of lamps."""
    floor = draws.between(0.7, 0.85)
    tile = hsv(
        draws.pick((0.1, 0.35, 0.5, 0.58, 0.15)),
        draws.between(0.02, 0.35),
        draws.between(0.6, 0.97),
    )
    rectangle(canvas, -1, -1, 2, 2, shade(tile, 0.72))
    columns = draws.count(8, 14)
    rows = int(columns * 0.9)
    canvas.drawPath(grid(-0.1, 0, 1.1, floor, columns, rows, 0.92, 0.9), solid(tile))
    band = hsv(draws.unit(), 0.75, draws.between(0.4, 0.9))
    canvas.drawPath(grid(-0.1, floor - 0.12, 1.1, floor - 0.04, columns, 1, 0.92, 0.9), solid(band))
    _floor(canvas, draws, floor)
    rectangle(canvas, -1, -1, 2, 0.06, 0xFF2E3236)
    rectangle(canvas, -1, 0.015, 2, 0.045, 0xFFFFFBEC)
    for _ in range(draws.count(1, 3)):
        _picture(canvas, draws)
    if draws.chance(0.5):
        x, steel = draws.between(-0.1, 0.6), hsv(0.6, 0.1, draws.between(0.3, 0.7))
        for seat in range(3):
            left = x + 0.16 * seat
            back = skia.Rect(left, floor - 0.22, left + 0.14, floor - 0.08)
            canvas.drawRoundRect(back, 0.02, 0.02, solid(steel))
            rectangle(canvas, left, floor - 0.08, left + 0.14, floor - 0.05, shade(steel, 0.7))
            rectangle(
                canvas, left + 0.06, floor - 0.05, left + 0.08, floor + 0.05, shade(steel, 0.6)
            )


ROOMS = {"room": room, "shelves": shelves, "rail": rail, "station": station}
