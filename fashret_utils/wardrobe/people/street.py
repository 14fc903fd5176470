"""Street pictures of garments: somebody wears the item, among other clothes and things."""

import numpy as np
import skia

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.garments.attributes import Garment
from fashret_utils.wardrobe.garments.parts import LOWER, Sheet, draw_sheet
from fashret_utils.wardrobe.layout import Layout
from fashret_utils.wardrobe.mesh import Worn
from fashret_utils.wardrobe.palette import PALETTE, RGB, argb
from fashret_utils.wardrobe.paths import outline
from fashret_utils.wardrobe.people import figure as people
from fashret_utils.wardrobe.people import hair, occluders
from fashret_utils.wardrobe.people.body import CANONICAL, Figure, sample_pose
from fashret_utils.wardrobe.people.outfit import complement

_LINEAR = skia.SamplingOptions(skia.FilterMode.kLinear)


def lay_out(
    item: Garment,
    streams: dict[str, Draws],
    size: int,
    factors: dict[str, float],
    framing: np.ndarray,
) -> Layout:
    """Compose the layers of a street picture, without background and camera.

    **Arguments**

    - `item`: the garment in question.
    - `streams`: random numbers of "pose", "occlusion", "wearer" and "light".
    - `size`: pixels of the picture.
    - `factors`: strength of "pose", "occlusion" and "light". With pose 0 nobody wears the
      garment: it lies flat as in its shop picture.
    - `framing`: (3, 3), the camera's homography of the unit square: what it leaves out of the
      picture is not drawn.
    """
    sheet = draw_sheet(item, size)
    if factors["pose"] <= 0:
        layout = _lay_flat(sheet, size)
        figure = Figure(CANONICAL)
    else:
        pose = sample_pose(streams["pose"], factors["pose"])
        figure = Figure(pose)
        layout = _dress(sheet, figure, streams, size, factors, framing)
    for name in occluders.choose(streams["occlusion"], factors["occlusion"]):
        draws = streams["occlusion"]
        layout.add(occluders.draw, name, figure, draws, max(1.0, factors["occlusion"]))
    return layout


def _lay_flat(sheet: Sheet, size: int) -> Layout:
    scale, (x, y) = sheet.scale, sheet.origin
    matrix = np.array([[scale, 0, x], [0, scale, y], [0, 0, size]]) / size
    layout = Layout(matrix)

    def draw(canvas: skia.Canvas) -> None:
        canvas.save()
        canvas.scale(1 / scale, 1 / scale)
        canvas.translate(-x, -y)
        for _, image in sheet.images:
            canvas.drawImage(image, 0, 0, _LINEAR)
        canvas.restore()

    layout.add_item(draw)
    places = {name: np.asarray(point, float) for name, point in sheet.flat.landmarks.items()}
    layout.points = lambda: places
    return layout


def _dress(sheet: Sheet, figure: Figure, streams, size, factors, framing) -> Layout:
    """A person who wears the garment, from the hair behind to the hands in front."""
    item, wearer = sheet.flat.item, streams["wearer"]
    folds = _folds(streams["pose"], factors["pose"])
    light = 0.14 * factors["light"] * streams["light"].signed()
    worn = Worn(sheet, figure, folds, light)
    person = people.sample_person(wearer)
    lower = item.category in LOWER
    other = complement(wearer, lower)
    tucked = wearer.chance(0.8 if lower else 0.15)
    inner = wearer.pick(tuple(PALETTE.values()))
    partner = None
    if item.category != "dress":
        partner = Worn(draw_sheet(other, size), figure, 0.7 * folds, light, coarse=True)
    top, bottom = (partner, worn) if lower else (worn, partner)

    layout = Layout(_framing(item, sheet), pose=figure.pose.angles())
    highest, lowest = _visible_heights(framing @ layout.matrix)
    if highest < 1.0:
        layout.add(hair.draw_behind, figure, person)
    if not lower:
        layout.add_part(top, "lining", True)
    if lowest > 5.7 or (bottom is not None and lowest > bottom.sheet.flat.extent[3]) or not bottom:
        covered = bottom is not None and bottom.sheet.flat.extent[3] > 5.8
        for side in (0, 1):
            layout.add(people.draw_leg, figure, person, side, not covered)
    layout.add(people.draw_torso, figure, person)
    if item.category in ("coat", "jacket"):
        layout.add(_draw_inner, figure, inner)
    tucked = tucked and item.category not in ("coat", "jacket", "sweater", "hoodie")
    garments = [(bottom, ("skirt", "legs"), lower), (top, ("body",), not lower)]
    for garment, parts, is_item in reversed(garments) if tucked else garments:
        for part in parts:
            layout.add_part(garment, part, is_item)
    if highest < 0.1:
        layout.add(people.draw_head, figure, person)
        layout.add(hair.draw_on_head, figure, person)
    if highest < 1.0:
        layout.add(hair.draw_over_shoulders, figure, person)
    sleeve = top.sheet.flat.sleeve_length
    for side, name in ((0, "left sleeve"), (1, "right sleeve")):
        arm = figure.pose.arm_names[side]
        layout.add(people.draw_arm, figure, person, side, sleeve, arm != "pocket")
        layout.add_part(top, name, not lower)
        if arm == "phone":
            layout.add(occluders.draw_phone, figure, side)
    landmarks = sheet.flat.landmarks
    layout.points = lambda: {name: worn.place(name, point) for name, point in landmarks.items()}
    return layout


def _visible_heights(matrix: np.ndarray) -> tuple[float, float]:
    """Highest and lowest body unit that a picture shows: smallest and largest y."""
    inverse = skia.Matrix()
    skia.Matrix(matrix.astype(np.float32)).invert(inverse)
    corners = inverse.mapPoints([skia.Point(x, y) for x in (0, 1) for y in (0, 1)])
    heights = [corner.y() for corner in corners]
    return min(heights), max(heights)


def _folds(draws: Draws, strength: float) -> np.ndarray:
    """Waves of shading across the cloth: rows of direction x, direction y, phase and depth."""
    depth = 0.11 * min(1.5, strength)
    return np.array(
        [
            (6 * draws.signed(), 2 + 5 * draws.unit(), 6.3 * draws.unit(), depth * draws.unit())
            for _ in range(3)
        ]
    )


def _draw_inner(canvas: skia.Canvas, figure: Figure, colour: RGB) -> None:
    """The top under a jacket or coat, of which only the neck shows."""
    neck = [(-0.3, 0.0), (-0.2, 0.17), (0.0, 0.24), (0.2, 0.17), (0.3, 0.0)]
    shape = np.array([*neck, (0.6, 0.3), (0.5, 1.75), (-0.5, 1.75), (-0.6, 0.3)])
    run = [tuple(p) for p in figure.torso(shape).tolist()]
    path = outline(run[:5], run[4:6], run[5:7], run[6:8], run[7:9])
    canvas.drawPath(path, skia.Paint(AntiAlias=True, Color=argb(colour)))


def _framing(item: Garment, sheet: Sheet) -> np.ndarray:
    """Where a photographer would aim: the garment fills most of the picture."""
    _, top, _, bottom = sheet.flat.extent
    if item.category in LOWER:
        top, bottom = top - 0.75, bottom + 0.35
    else:
        top, bottom = min(top, 0.0) - 0.75, min(bottom, sheet.flat.landmarks["left hem"][1]) + 0.45
    height = max(bottom - top, 3.3)
    middle = (top + bottom) / 2
    return np.array([[1, 0, 0.5 * height], [0, 1, 0.5 * height - middle], [0, 0, height]]) / height
