"""Shop pictures of garments: white ground, canonical pose, a soft contact shadow, four views."""

import math

import numpy as np
import skia

from fashret_utils.wardrobe.draws import Draws
from fashret_utils.wardrobe.garments.attributes import Garment
from fashret_utils.wardrobe.garments.parts import LOWER, Sheet, draw_sheet
from fashret_utils.wardrobe.layout import Layout
from fashret_utils.wardrobe.mesh import Worn
from fashret_utils.wardrobe.people.body import CANONICAL, Figure, Pose

VIEWS = ("front", "back", "three-quarter", "detail")
_ZOOM = 2.1


class ShopView:
    """One view of a garment, laid out on a square of `size` pixels."""

    def __init__(self, item: Garment, view: str, draws: Draws, size: int):
        if view not in VIEWS:
            raise ValueError(f"unknown view {view!r} of a garment: expected one of {VIEWS}")
        self.view = view
        self._offset = 0.0, 0.0
        self.worn = None
        self.pose = CANONICAL
        pixels = round(_ZOOM * size) if view == "detail" else size
        self.sheet: Sheet = draw_sheet(item, pixels, view == "back")
        if view == "detail":
            focus = 2.35 if item.category in LOWER else 0.72
            x = 0.25 * draws.signed() * self.sheet.scale
            y = (focus + 0.15 * draws.signed()) * self.sheet.scale
            self._offset = (
                round(size / 2 - self.sheet.origin[0] - x),
                round(size / 2 - self.sheet.origin[1] - y),
            )
        elif view == "three-quarter":
            side = 1 if draws.chance(0.5) else -1
            turn = side * math.radians(33 + 6 * draws.bell())
            self.pose = Pose(arms=((0.3, 0.26), (0.3, 0.26)), legs=CANONICAL.legs, turn=turn)
            self.worn = Worn(self.sheet, Figure(self.pose), None, -side * 0.1)

    def draw(self, canvas: skia.Canvas) -> None:
        """Draw the garment on a canvas whose unit is one pixel."""
        if self.worn is None:
            for _, image in self.sheet.images:
                canvas.drawImage(image, *self._offset)
            return
        canvas.save()
        canvas.translate(*self.sheet.origin)
        canvas.scale(self.sheet.scale, self.sheet.scale)
        names = [name for name, _ in self.sheet.images]
        if "body" in names:  # the sleeve that comes nearer lies in front of the body
            far, near = ("left", "right") if self.pose.turn > 0 else ("right", "left")
            names = ["lining", f"{far} sleeve", "body", f"{near} sleeve"]
        for name in names:
            self.worn.draw(canvas, name)
        canvas.restore()

    def draw_shadow(self, canvas: skia.Canvas, size: int) -> None:
        """A soft shadow where the garment touches the ground, slightly below it."""
        blur = skia.ImageFilters.Blur(0.011 * size, 0.011 * size)
        black = skia.ColorFilters.Blend(skia.ColorSetARGB(255, 30, 30, 50), skia.BlendMode.kSrcIn)
        paint = skia.Paint(ImageFilter=blur, ColorFilter=black, Alphaf=0.30)
        canvas.saveLayer(None, paint)
        canvas.translate(0.0, 0.012 * size)
        self.draw(canvas)
        canvas.restore()

    def points(self) -> dict[str, np.ndarray]:
        """Landmarks in pixels."""
        flat, offset = self.sheet.flat, np.add(self.sheet.origin, self._offset)
        places = {}
        for name, point in flat.landmarks.items():
            if self.view == "back":  # seen from behind, sides change places
                swap = {"left": "right", "right": "left"}
                side, _, rest = name.partition(" ")
                point = flat.landmarks[f"{swap[side]} {rest}"]
                point = (
                    point if point[0] * (-1 if side == "left" else 1) > 0 else (-point[0], point[1])
                )
            placed = self.worn.place(name, point) if self.worn else np.asarray(point)
            places[name] = placed * self.sheet.scale + offset
        return places


def lay_out(item: Garment, view: str, draws: Draws, size: int) -> Layout:
    """The layers of a shop picture: contact shadow and garment."""
    shown = ShopView(item, view, draws, size)
    layout = Layout(np.diag([1 / size, 1 / size, 1.0]), points=shown.points)
    layout.add(shown.draw_shadow, size)
    layout.add_item(shown.draw)
    return layout
