"""Shop pictures of shoes: white ground, six views, a soft contact shadow."""

from functools import partial

import numpy as np
import skia

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.layout import Layout
from fashret_utils.wardrobe.shoes import (
    back,
    front,
)
from fashret_utils.wardrobe.shoes import (
    side as shoe_side,
)
from fashret_utils.wardrobe.shoes import (
    top as shoe_top,
)
from fashret_utils.wardrobe.shoes.attributes import Shoe
from fashret_utils.wardrobe.shoes.finish import Finish
from fashret_utils.wardrobe.shoes.form import Form, form_of
from fashret_utils.wardrobe.shoes.plan import opening, plan_of

VIEWS = ("side-left", "side-right", "front", "back", "top", "pair")
_DRAW = {
    "side": shoe_side.draw,
    "top": shoe_top.draw,
    "front": front.draw,
    "back": back.draw,
}
# Part of the picture that the shoes fill, as width and height.
_FILL = 0.88, 0.84


def extent(form: Form, view: str) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of one shoe in shoe units.

    **Arguments**

    - `view`: "side", "top", "front" or "back".
    """
    ring = 0.3 + (0.22 if form.item.values["shaft"] == "collar" else 0.0)
    high = max(form.height, 0.05 - form.bed(1.0) + ring if _has_ring(form) else 0.0)
    if view == "side":
        return form.tip - 0.04, -high - 0.03, 1.06, 0.02
    if view == "top":
        return -0.23, -0.11, 0.27, 1.02
    return -0.19, -high - 0.04, 0.19, 0.02


def _has_ring(form: Form) -> bool:
    values = form.item.values
    straps = values["category"] == "pump" and values["closure"] == "strap"
    return straps or (values["category"] == "sandal" and values["closure"] != "slip-on")


def landmarks(form: Form, view: str) -> dict[str, tuple[float, float]]:
    """The points of one shoe in shoe units: tip of the toe, heel, throat and collar."""
    if view == "side":
        return {
            "toe": (form.tip, form.bed(0.0)),
            "heel": (0.985, form.bed(1.0)),
            "throat": form.throat,
            "collar": form.collar,
        }
    if view == "top":
        plan = plan_of(form)
        hole = opening(form) if form.item.category != "sandal" else ((0, 0.4), (0, 0.95))
        heel = plan.at(0, 0.985)
        return {
            "toe": plan.at(0, form.tip * 0.9),
            "heel": heel,
            "throat": plan.at(*hole[0]),
            "collar": plan.at(*hole[-1]),
        }
    top = (0.0, -form.height + 0.045) if form.shaft else (0.0, form.collar[1])
    if view == "front":
        return {"toe": (0.0, form.bed(0.05)), "throat": (0.0, form.throat[1]), "collar": top}
    return {"heel": (0.0, form.bed(1.0)), "collar": top}


def draw_shoe(canvas: skia.Canvas, form: Form, finish: Finish, view: str, worn: bool) -> None:
    """Draw one shoe in shoe units: "side" (toe left), "top" (toe up), "front" or "back"."""
    _DRAW[view](canvas, form, finish, worn)


def lay_out(item: Shoe, view: str, draws: Draws, size: int) -> Layout:
    """Lay out a shop picture in units of the picture (0 to 1).

    **Arguments**

    - `view`: one of `VIEWS`.
    - `draws`: the picture's view stream; turns the rear shoe of the pair a little.
    - `size`: pixels, at which textures are drawn.

    **Raises** `ValueError` for an unknown view.
    """
    if view not in VIEWS:
        raise ValueError(f"unknown view {view!r} of a shoe: expected one of {VIEWS}")
    form = form_of(item)
    side = "side" if view in ("side-left", "side-right", "pair") else view
    left, top, right, bottom = extent(form, side)
    # Where each shoe stands in a group, in shoe units: shift and turn; the last is nearest.
    single = [(0.0, 0.0, 0.0)]
    if view == "pair":
        single = [(-0.14, -0.17, -4 + 3 * draws.bell()), (0.0, 0.0, 0.0)]
        left, top = left - 0.14, top - 0.17
    elif view in ("front", "back", "top"):
        apart = (right - left) * (0.52 if view == "top" else 0.54)
        single = [(-apart, 0.0, 0.0), (apart, 0.0, 0.0)]
        left, right = left - apart, right + apart
    scale = min(_FILL[0] / (right - left), _FILL[1] / (bottom - top))
    x = 0.5 - scale * (left + right) / 2
    y = 0.5 - scale * (top + bottom) / 2 + (0.03 if view != "top" else 0.0)
    finish = Finish(item, scale * size)

    layout = Layout(np.eye(3))
    names = ["left"] if len(single) == 1 else ["left", "right"]
    for index, (name, (shift, rise, turn)) in enumerate(zip(names, single, strict=True)):
        flip = view == "side-right" or (index == 1 and view in ("front", "back", "top"))
        matrix = place(x + scale * shift, y + scale * rise, scale, turn, flip)
        if view == "side-right":
            matrix = place(1 - x - scale * shift, y, scale, 0.0, True)
        layout.add(draw_shadow, form, side, matrix)
        add_shoe(
            layout,
            partial(draw_shoe, form=form, finish=finish, view=side, worn=False),
            matrix,
            name,
        )
        add_points(layout, form, side, matrix, name)
    return layout


def place(x: float, y: float, scale: float, turn: float = 0.0, flip: bool = False) -> np.ndarray:
    """A similarity from shoe units to picture units; `turn` in degrees, `flip` mirrors first."""
    cos, sin = scale * np.cos(np.deg2rad(turn)), scale * np.sin(np.deg2rad(turn))
    side = -1.0 if flip else 1.0
    return np.array([[cos * side, -sin, x], [sin * side, cos, y], [0, 0, 1]])


def add_shoe(layout: Layout, draw, matrix: np.ndarray, name: str) -> None:
    """Add one shoe of the pair: the layer's flag is its name, so that each shoe has its box."""
    placed = skia.Matrix(matrix.astype(np.float32))

    def layer(canvas: skia.Canvas) -> None:
        canvas.save()
        canvas.concat(placed)
        draw(canvas)
        canvas.restore()

    layout.layers.append((f"{name} shoe", layer))


def add_points(layout: Layout, form: Form, view: str, matrix: np.ndarray, name: str) -> None:
    """Add a shoe's landmarks, placed in the picture; worked out when the truth is asked for."""
    earlier = layout.points

    def points() -> dict[str, np.ndarray]:
        placed = earlier()
        for part, point in landmarks(form, view).items():
            x, y, w = matrix @ (*point, 1.0)
            placed[f"{name} {part}"] = np.array([x / w, y / w])
        return placed

    layout.points = points


def draw_shadow(canvas: skia.Canvas, form: Form, view: str, matrix: np.ndarray) -> None:
    """Draw the soft contact shadow of a shop picture."""
    canvas.save()
    canvas.concat(skia.Matrix(matrix.astype(np.float32)))
    blur = skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 0.022)
    paint = skia.Paint(AntiAlias=True, Color=0x4D14121E, MaskFilter=blur)
    canvas.drawOval(touch(form, view), paint)
    canvas.restore()


def touch(form: Form, view: str) -> skia.Rect:
    """Where a shoe darkens the ground, in shoe units."""
    if view == "side":
        return skia.Rect(form.tip + 0.02, -0.022, 1.0, 0.035)
    if view == "top":
        return skia.Rect(-0.17, 0.03, 0.23, 1.02)
    return skia.Rect(-0.19, -0.03, 0.19, 0.035)
